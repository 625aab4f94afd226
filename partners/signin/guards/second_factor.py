"""The second factor in a session: asked for, set up, proved."""

import django_otp
from django.conf import settings
from django.contrib.auth.models import User
from django.db import transaction
from django.http import HttpRequest

from partners.models.change import Action, Change, ChangeEvent
from partners.signin.models import Phone, RecoveryCode


def is_verified(request: HttpRequest) -> bool:
    """Tell whether this session has proved the second factor."""
    return getattr(request.user, "otp_device", None) is not None


def is_satisfied(request: HttpRequest) -> bool:
    """Tell whether nothing is missing: the second factor is proved, or the deployment does without."""
    return not settings.SECOND_FACTOR or is_verified(request)


def set_up(user: User, change: Change, *, seed: str, step: int) -> tuple[Phone, list[str]]:
    """Set up a phone in place of an earlier one, which ends what that one had verified; return the recovery codes.

    `step` is that of the code that confirmed it, which is thereby used. Done twice, there are no codes the second time.
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
    """Make new recovery codes; the earlier ones end."""
    with transaction.atomic():
        ChangeEvent.record(Action.RECOVERY_CODES_RENEWED, change, after={"username": user.get_username()})
        return RecoveryCode.replace(user)


def use_recovery_code(user: User, change: Change, text: str) -> bool:
    """Use a recovery code up; tell whether it was one."""
    with transaction.atomic():
        if not RecoveryCode.use(user, text):
            return False
        after = {"username": user.get_username(), "left": RecoveryCode.left(user).count()}
        ChangeEvent.record(Action.RECOVERY_CODE_USED, change, after=after)
        return True


def complete(request: HttpRequest, phone: Phone) -> None:
    """Take the session as verified, under a new key."""
    django_otp.login(request, phone)
    request.session.cycle_key()
