"""`manage.py send_checkpoint`: mail the last seal to whoever keeps it away from this machine."""

from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError

from partners.management.base import ChangeCommand
from partners.management.mailing import require_settings, sending
from partners.models import Seal
from partners.review.mail import emails
from partners.seals.checkpoints import Checkpoint
from partners.seals.state import checkpoint


class Command(ChangeCommand):
    """Send the newest checkpoint to `CHARTERO_SECURITY_EMAIL`."""

    help = (
        "Mail the newest checkpoint to CHARTERO_SECURITY_EMAIL. Run it every day. verify_records --checkpoint compares "
        "the chain with any that was kept."
    )

    def report(self, **options: Any) -> dict[str, Any]:
        """Send it, and return the number of its seal."""
        require_settings()
        if not settings.SECURITY_EMAIL:
            raise ValidationError("Nobody is named. Set CHARTERO_SECURITY_EMAIL.", code="no_mail")
        head = Seal.objects.newest()
        if head is None:
            raise ValidationError("Nothing is sealed yet. Run seal_records.", code="nothing_sealed")
        facts = {"seal": head, "text": Checkpoint.of(head).text()}
        subject = f"Checkpoint of the record: seal {head.number}"
        with sending():
            emails.message(subject, "checkpoint", facts, settings.SECURITY_EMAIL).send()
        checkpoint.record_sent(head, self.change(options), ", ".join(settings.SECURITY_EMAIL))
        return {"seal": head.number, "sent_to": settings.SECURITY_EMAIL}
