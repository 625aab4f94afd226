"""The second factor of a person (one authenticator app, and recovery codes), and which sessions are still valid."""

import hashlib
import secrets
from typing import Any

from django.contrib.auth.models import User
from django.db import models
from django.utils import timezone
from django_otp.models import Device, ThrottlingMixin

from partners.signin.guards import totp

RECOVERY_CODES = 10
ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"  # without i, l, o, 0 and 1, which look alike
GROUPS, GROUP = 4, 5


class Phone(ThrottlingMixin, Device):  # type: ignore[misc]
    """The authenticator app of one person, identified by its seed; see `totp` for the secret."""

    MOST_FAILURES = 9  # so a wait lasts 256 s at most: it slows an attacker, and doesn't shut the owner out

    throttling_failure_count: int
    seed = models.CharField(max_length=40, unique=True, editable=False)
    last_step = models.BigIntegerField(editable=False)
    set_up_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user"], name="one_phone_per_person")]

    @classmethod
    def of(cls, user: User) -> "Phone | None":
        """Return the phone of this person, if one is set up."""
        found: Phone | None = cls.objects.filter(user=user).first()
        return found

    def verify_token(self, token: str) -> bool:
        """Accept a current code, once. Call it through `django_otp.verify_token`, which locks the row."""
        if self.seconds_to_wait():
            return False
        step = totp.matching_step(self.seed, token, after=self.last_step)
        if step is None:
            self.throttle_increment()
            return False
        self.last_step = step
        self.throttle_reset()
        return True

    def seconds_to_wait(self) -> int:
        """Return how long no code is accepted after wrong ones: 1, 2, 4, … up to 256 seconds."""
        allowed, why = self.verify_is_allowed()
        return 0 if allowed else int((why["locked_until"] - timezone.now()).total_seconds()) + 1

    def throttle_increment(self, commit: bool = True) -> None:
        """Count a wrong code, up to the number that gives the longest wait."""
        super().throttle_increment(commit=False)
        if self.throttling_failure_count > self.MOST_FAILURES:
            self.throttling_failure_count = self.MOST_FAILURES
        if commit:
            self.save()

    def get_throttle_factor(self) -> int:
        """Return the wait after the first wrong code, in seconds."""
        return 1


class RecoveryCode(models.Model):
    """A code that replaces the phone once. It has 99 random bits, so a plain SHA-256 is as safe as a slow hash."""

    user = models.ForeignKey(User, models.CASCADE, related_name="recovery_codes")
    digest = models.CharField(max_length=64, editable=False)
    used_at = models.DateTimeField(null=True, editable=False)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "digest"], name="recovery_code_is_one")]

    def __str__(self) -> str:
        return f"Recovery code of {self.user}"

    @classmethod
    def replace(cls, user: User) -> list[str]:
        """Replace all codes by ten new ones, and return them. They can't be read again later."""
        codes = [random_code() for _ in range(RECOVERY_CODES)]
        cls.objects.filter(user=user).delete()
        RecoveryCode.objects.bulk_create([RecoveryCode(user=user, digest=_digest(code)) for code in codes])
        return codes

    @classmethod
    def use(cls, user: User, text: str) -> bool:
        """Use a code, in any case and grouping, and return True if it was valid."""
        return cls.left(user).filter(digest=_digest(text)).update(used_at=timezone.now()) == 1

    @classmethod
    def left(cls, user: User) -> "models.QuerySet[RecoveryCode, Any]":
        return cls.objects.filter(user=user, used_at=None)


class SessionEpoch(models.Model):
    """Which sessions of a person are still valid: those that began under this number. No row means 0."""

    user = models.OneToOneField(User, models.CASCADE, primary_key=True, related_name="session_epoch")
    number = models.PositiveIntegerField(default=0)

    def __str__(self) -> str:
        return f"Sessions of {self.user}"

    @classmethod
    def of(cls, user_id: object) -> int:
        """Return the number that valid sessions of this person have."""
        return cls.objects.filter(pk=user_id).values_list("number", flat=True).first() or 0

    @classmethod
    def end_sessions(cls, user: User) -> None:
        """End every session of a person, for good."""
        cls.objects.get_or_create(user=user)
        cls.objects.filter(user=user).update(number=models.F("number") + 1)


def random_code() -> str:
    """Return 20 random characters (99 bits) in groups, easy to read and to type."""
    return "-".join("".join(secrets.choice(ALPHABET) for _ in range(GROUP)) for _ in range(GROUPS))


def _digest(code: str) -> str:
    return hashlib.sha256("".join(filter(str.isalnum, code.lower())).encode()).hexdigest()
