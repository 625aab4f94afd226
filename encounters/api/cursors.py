"""The cursors of `changes.list`: a place in the log of one organization, sealed so that nobody can read or make one."""

import base64
import re
import struct
from functools import cache
from typing import Any, NamedTuple

from django.conf import settings
from django.utils.crypto import salted_hmac

from partners.formats.grammar import Grammar

_NUMBERS = struct.Struct(">4q")
_SHAPE = re.compile(r"[0-9A-Za-z_-]{64}")


class Cursor(NamedTuple):
    """The place after one change: changes are ordered by position and encounter. As text, it is sealed."""

    era: int
    organization: int
    position: int
    encounter: int

    def __str__(self) -> str:
        """Return the text for partners. One place has one text, so that a client can compare cursors."""
        sealed = _cipher(settings.SECRET_KEY).encrypt(_NUMBERS.pack(*self), None)
        return base64.urlsafe_b64encode(sealed).decode("ascii")


def opened(text: str) -> Cursor | None:
    """Return the cursor of a text, or None if we didn't make it."""
    from cryptography.exceptions import InvalidTag

    if not _SHAPE.fullmatch(text):
        return None
    try:
        return Cursor(*_NUMBERS.unpack(_cipher(settings.SECRET_KEY).decrypt(base64.urlsafe_b64decode(text), None)))
    except InvalidTag:
        return None


grammar = Grammar(
    opened,
    {"type": "string", "pattern": f"^{_SHAPE.pattern}$"},
    "The `next_cursor` of an earlier response to the same organization, unchanged.",
)


@cache
def _cipher(secret: str) -> Any:
    """Return AES-SIV (RFC 5297) with a key that follows from the deployment's secret. OpenSSL is loaded when needed."""
    from cryptography.hazmat.primitives.ciphers.aead import AESSIV

    return AESSIV(salted_hmac("encounters.api.cursors", "key", secret=secret, algorithm="sha512").digest())
