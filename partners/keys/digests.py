"""Keyed digests of API keys: HMAC-SHA-256 (RFC 2104) under numbered digest keys held outside the database."""

import hmac
from enum import StrEnum
from functools import cache

from django.conf import settings

from partners.keys import numbered

_NO_DIGEST = bytes(32)  # compared if nothing is stored, so that an unknown key takes as long as a wrong secret


class DigestKeyUnavailable(Exception):
    """No digest key is loaded, so no key can be issued."""


class State(StrEnum):
    """What a digest key does: keys are stored under the active one, all that are loaded verify, others do nothing."""

    ACTIVE = "active"
    VERIFY_ONLY = "verify-only"
    RETIRED = "retired"


class InvalidDigestKeys(ValueError):
    """`CHARTERO_DIGEST_KEYS` can't be parsed. The message says why and contains no key."""


def loaded() -> dict[int, bytes]:
    """Return the loaded digest keys by number; raise InvalidDigestKeys if the setting can't be parsed."""
    return _parse(settings.DIGEST_KEYS)


def current() -> int:
    """Return the number of the active digest key, under which keys are stored; raise DigestKeyUnavailable without one.

    It is the highest, unless a setting names another one that is loaded.
    """
    keys, active = loaded(), settings.ACTIVE_DIGEST_KEY
    if not keys:
        raise DigestKeyUnavailable("No digest key is loaded; set CHARTERO_DIGEST_KEYS.")
    return active if active in keys else max(keys)


def state(number: int) -> State:
    """Return the state of a digest key."""
    if number not in loaded():
        return State.RETIRED
    return State.ACTIVE if number == current() else State.VERIFY_ONLY


def digest(token: str, number: int) -> bytes:
    """Return the 32-byte digest of a whole token under digest key `number`; raise KeyError if it isn't loaded."""
    return hmac.digest(loaded()[number], token.encode("ascii"), "sha256")


def candidates(token: str) -> list[bytes]:
    """Return the token's digest under each loaded digest key. If the token was issued, one of them is stored."""
    return [digest(token, number) for number in loaded()]


def matches(token: str, stored: bytes | None, number: int | None) -> bool:
    """Return True if `token` has this stored digest. It takes as long if nothing is stored.

    At least one digest key must be loaded, and `number` must be one of them if it is given.
    """
    computed = digest(token, current() if number is None else number)
    return hmac.compare_digest(computed, _NO_DIGEST if stored is None else bytes(stored)) and stored is not None


@cache
def _parse(text: str) -> dict[int, bytes]:
    try:
        return numbered.parsed(text)
    except numbered.InvalidNumberedKeys as fault:
        raise InvalidDigestKeys(str(fault)) from None
