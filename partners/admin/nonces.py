"""Forms that may be sent once: a nonce in the form, and a row for its one use in the transaction that uses it."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.core.signing import BadSignature, TimestampSigner
from django.db import transaction

from partners.identifiers import LENGTH, random_base62
from partners.models.form_use import FormUse
from partners.models.key import ApiKey

LIFETIME = timedelta(hours=1)
TRY_AGAIN = "This form was open for too long, or belongs to another sign-in. Nothing was changed; send it again."


class AlreadyUsed(Exception):
    """The form was sent before; `key` is what that made."""

    def __init__(self, key: ApiKey) -> None:
        super().__init__("the form was sent before")
        self.key = key


def new(user: User) -> str:
    """Return a nonce for one form that is shown to this person."""
    return _signer(user).sign(random_base62(LENGTH))


def kept(nonce: str, user: User) -> str:
    """Return the form's nonce, or a new one where it can no longer be used."""
    try:
        _signer(user).unsign(nonce, max_age=LIFETIME)
    except BadSignature:
        return new(user)
    return nonce


@contextmanager
def single_use(nonce: str, user: User) -> Iterator[FormUse]:
    """Use up the form's nonce together with what is done inside, which ends with `made()`: both are committed, or none.

    Raises AlreadyUsed where another use was committed before; it waits for one that is still open. Raises
    ValidationError for a nonce that is too old, or not this person's.
    """
    try:
        value = _signer(user).unsign(nonce)
        with transaction.atomic():
            use, fresh = FormUse.objects.get_or_create(nonce=value)
            if not fresh:
                raise AlreadyUsed(ApiKey.objects.get(form_use=use))
            _signer(user).unsign(nonce, max_age=LIFETIME)
            yield use
    except BadSignature:
        raise ValidationError(TRY_AGAIN, code="form_not_usable") from None


def _signer(user: User) -> TimestampSigner:
    return TimestampSigner(salt=f"partners.nonces.{user.pk}")
