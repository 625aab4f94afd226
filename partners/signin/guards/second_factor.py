"""The second factor in a session: set up, checked, renewed."""

import django_otp
from django.conf import settings
from django.contrib.auth.models import User
from django.db import transaction
from django.http import HttpRequest

from partners.models.change import Action, Change, ChangeEvent
from partners.signin.models import Phone, RecoveryCode


def is_verified(request: HttpRequest) -> bool:
    """Return True if this session has proved the second factor."""
    return getattr(request.user, "otp_device", None) is not None


def is_satisfied(request: HttpRequest) -> bool:
    """Return True if the second factor is proved, or the deployment doesn't require one."""
    return not settings.SECOND_FACTOR or is_verified(request)


def set_up(user: User, change: Change, *, seed: str, step: int) -> tuple[Phone, list[str]]:
    """Set up a phone in place of an earlier one, and return it with new recovery codes.

    `step` is the time step of the code that confirmed the phone; that code can't be used again. A second call with the
    same seed returns no codes.
    """
    with transaction.atomic():
        replaced = Phone.objects.filter(user=user).exclude(seed=seed).delete()[0] > 0
        phone, is_new = Phone.objects.get_or_create(
            user=user, seed=seed, defaults={"name": "Authenticator app", "last_step": step}
        )
        if not is_new:
            return phone, []
        after = {"username": user.get_username(), "replaced_another": replaced}
        ChangeEvent.record(Action.SECOND_FACTOR_SET_UP, change, after=after)
        return phone, RecoveryCode.replace(user)


def renew_recovery_codes(user: User, change: Change) -> list[str]:
    """Make new recovery codes. Older ones no longer work."""
    with transaction.atomic():
        ChangeEvent.record(Action.RECOVERY_CODES_RENEWED, change, after={"username": user.get_username()})
        return RecoveryCode.replace(user)


def use_recovery_code(user: User, change: Change, text: str) -> bool:
    """Use a recovery code, and return True if it was valid."""
    with transaction.atomic():
        if not RecoveryCode.use(user, text):
            return False
        after = {"username": user.get_username(), "left": RecoveryCode.left(user).count()}
        ChangeEvent.record(Action.RECOVERY_CODE_USED, change, after=after)
        return True


def complete(request: HttpRequest, phone: Phone) -> None:
    """Mark the session as verified, under a new session key."""
    django_otp.login(request, phone)
    request.session.cycle_key()
