"""The secrets of a hand-over: the token of a link, and the code that staff read out by phone.

A token has 256 random bits, so a plain digest is enough to store it, and an index may find it. A code is short, so its
digest is keyed and bound to the token, and only a few attempts are allowed.
"""

import hashlib
import hmac
import re
import secrets

from django.utils.crypto import salted_hmac

from partners.identifiers import random_base62

TOKEN_LENGTH, CODE_LENGTH = 43, 8
ATTEMPTS = 5
_TOKEN = re.compile(rf"(?:\S*#)?([0-9A-Za-z]{{{TOKEN_LENGTH}}})")
_NOT_A_DIGIT = re.compile(r"[\s-]")


def new_token() -> str:
    """Return the token of a new link."""
    return random_base62(TOKEN_LENGTH)


def new_code() -> str:
    """Return a new code, in two groups of digits that are easy to read out."""
    digits = f"{secrets.randbelow(10**CODE_LENGTH):0{CODE_LENGTH}}"
    return f"{digits[:4]} {digits[4:]}"


def token_in(text: str) -> str | None:
    """Return the token in a pasted link, or alone; None if there is none."""
    match = _TOKEN.fullmatch(text.strip())
    return match and match[1]


def token_digest(token: str) -> bytes:
    """Return the digest under which a link is stored."""
    return hashlib.sha256(token.encode("ascii")).digest()


def code_digest(code: str, token: bytes) -> bytes:
    """Return the digest of a code, however it is spaced, for the link whose token has this digest."""
    typed = _NOT_A_DIGIT.sub("", code)
    return salted_hmac(f"partners.keys.links.{token.hex()}", typed, algorithm="sha256").digest()


def same(digest: bytes, stored: bytes) -> bool:
    """Compare two digests in constant time."""
    return hmac.compare_digest(digest, stored)
