"""Forms that can be submitted only once: the form has a nonce, and the transaction that uses it adds a row for it."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.core.signing import BadSignature, TimestampSigner
from django.db import transaction

from partners.identifiers import LENGTH, random_base62
from partners.models.handover import KeyHandover
from partners.models.handover.form_use import FormUse
from partners.models.keys.key import ApiKey

LIFETIME = timedelta(hours=1)
TRY_AGAIN = "This form has expired or belongs to another sign-in. Nothing was changed. Submit it again."


class AlreadyUsed(Exception):
    """The form was already submitted and made `made`: a key, or a hand-over whose link was sent."""

    def __init__(self, made: ApiKey | KeyHandover) -> None:
        super().__init__("the form was already submitted")
        self.made = made


def new(user: User) -> str:
    """Return a nonce for a form that is shown to this person."""
    return _signer(user).sign(random_base62(LENGTH))


def kept(nonce: str, user: User) -> str:
    """Return the form's nonce, or a new one if it can't be used anymore."""
    try:
        _signer(user).unsign(nonce, max_age=LIFETIME)
    except BadSignature:
        return new(user)
    return nonce


@contextmanager
def single_use(nonce: str, user: User) -> Iterator[FormUse]:
    """Use the form's nonce in one transaction with the block inside, which must end with `made()`.

    Waits for another use that is still open. Raises AlreadyUsed if the nonce was already used, and ValidationError if
    it is too old or belongs to another person.
    """
    try:
        value = _signer(user).unsign(nonce)
        with transaction.atomic():
            use, fresh = FormUse.objects.get_or_create(nonce=value)
            if not fresh:
                raise AlreadyUsed(use.row)
            _signer(user).unsign(nonce, max_age=LIFETIME)
            yield use
    except BadSignature:
        raise ValidationError(TRY_AGAIN, code="form_not_usable") from None


def _signer(user: User) -> TimestampSigner:
    return TimestampSigner(salt=f"partners.nonces.{user.pk}")
