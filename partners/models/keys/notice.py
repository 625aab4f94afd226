"""Notices that an API key will expire: which were sent, to whom and when."""

from django.db import models

from partners.models.keys.key import ApiKey


class Recipient(models.TextChoices):
    """The recipient of a notice."""

    CONTACT = "contact", "the organization's contact"
    STAFF = "staff", "staff"


class ExpiryNotice(models.Model):
    """One notice that was sent. `expires_at` is part of what is unique: if it changes, notices are sent again."""

    api_key = models.ForeignKey(ApiKey, models.PROTECT, related_name="notices", db_index=False)
    expires_at = models.DateTimeField()
    days = models.PositiveSmallIntegerField("days before the end")
    recipient = models.CharField(max_length=7, choices=Recipient)
    sent_at = models.DateTimeField()

    class Meta:
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(fields=["api_key", "expires_at", "days", "recipient"], name="expiry_notice_once")
        ]

    def __str__(self) -> str:
        return f"{self.days} days before the end, to {self.get_recipient_display()}"
