"""Keyed digests of API keys: HMAC-SHA-256 (RFC 2104) under numbered digest keys held outside the database."""

import base64
import hmac
from functools import cache

from django.conf import settings

MINIMUM_BYTES = 32
_NO_DIGEST = bytes(32)


class DigestKeyUnavailable(Exception):
    """No digest key is loaded to sign with."""


class InvalidDigestKeys(ValueError):
    """`CHARTERO_DIGEST_KEYS` cannot be read; the message says why and holds no key."""


def loaded() -> dict[int, bytes]:
    """Return the loaded digest keys by number; InvalidDigestKeys if the setting cannot be read."""
    return _parse(settings.DIGEST_KEYS)


def current() -> int:
    """Return the number that signs new keys, the highest one; DigestKeyUnavailable if none is loaded."""
    if not loaded():
        raise DigestKeyUnavailable("No digest key is loaded; set CHARTERO_DIGEST_KEYS.")
    return max(loaded())


def digest(token: str, number: int) -> bytes:
    """Return the 32-byte digest of a whole token under digest key `number`; KeyError if it is not loaded."""
    return hmac.digest(loaded()[number], token.encode("ascii"), "sha256")


def candidates(token: str) -> list[bytes]:
    """Return the token's digests under every loaded digest key: one of them is stored, if the token was issued."""
    return [digest(token, number) for number in loaded()]


def matches(token: str, stored: bytes | None, number: int | None) -> bool:
    """Tell whether `token` has this stored digest, in the same time where nothing is stored.

    Needs at least one loaded key, and `number` loaded where given.
    """
    computed = digest(token, current() if number is None else number)
    return hmac.compare_digest(computed, _NO_DIGEST if stored is None else bytes(stored)) and stored is not None


@cache
def _parse(text: str) -> dict[int, bytes]:
    numbered = [_numbered(part.strip()) for part in text.split(",") if part.strip()]
    if len(dict(numbered)) < len(numbered):
        raise InvalidDigestKeys("a number is given twice")
    return dict(numbered)


def _numbered(part: str) -> tuple[int, bytes]:
    number, _, encoded = part.partition(":")
    if not (len(number) <= 5 and number.isascii() and number.isdigit() and 0 < int(number) < 2**15):
        raise InvalidDigestKeys("write each as <number>:<base64>, the number from 1 to 32767")
    try:
        key = base64.b64decode(encoded, validate=True)
    except ValueError:
        raise InvalidDigestKeys(f"number {int(number)} is not base64") from None
    if len(key) < MINIMUM_BYTES:
        raise InvalidDigestKeys(f"number {int(number)} has under {MINIMUM_BYTES} bytes")
    return int(number), key
