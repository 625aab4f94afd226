"""A superuser's reset for a person who can't sign in: a lost phone, a lockout, a lost password."""

from typing import Any

from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.db import transaction

from partners.models.change import Action, Change, ChangeEvent
from partners.signin.guards import lockout as lockouts
from partners.signin.models import Phone, RecoveryCode, SessionEpoch, random_code


def reset(
    user: User, change: Change, *, second_factor: bool = False, lockout: bool = False, password: bool = False
) -> str:
    """Reset the named parts and record it. Return the new password, or a blank; it can't be read again later.

    Raises ValidationError without a reason, or with nothing to reset.
    """
    change.require_reason()
    if not (second_factor or lockout or password):
        raise ValidationError("Choose what to reset: second factor, lockout or password.", code="nothing_asked")
    made = random_code() if password else ""
    if made:
        user.set_password(made)  # before the transaction, which may block others
    with transaction.atomic():
        before = state(user)
        if second_factor:
            Phone.objects.filter(user=user).delete()
            RecoveryCode.objects.filter(user=user).delete()
        if lockout:
            lockouts.forget(user.get_username())
        if made:
            user.save(update_fields=["password"])
            SessionEpoch.end_sessions(user)
        after = state(user) | ({"password": "replaced"} if password else {})
        ChangeEvent.record(Action.SIGN_IN_RESET, change, before=before, after=after)
    return made


def state(user: User) -> dict[str, Any]:
    """Return the parts of a person's sign-in that can be reset."""
    return {
        "username": user.get_username(),
        "second_factor": Phone.of(user) is not None,
        "recovery_codes": RecoveryCode.left(user).count(),
        "failures": lockouts.failures(user.get_username()),
    }
