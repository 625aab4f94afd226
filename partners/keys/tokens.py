"""The text of an API key: minted, parsed and checked without a database.

`ch_sk_` (live) or `ch_sk_test_` (test), a 12-character public part, a 43-character secret (256 bits) and the
CRC-32 of all before it as 6 base62 characters, most significant first.
"""

import re
import zlib
from dataclasses import dataclass, field

from partners.identifiers import BASE62, random_base62

LIVE_PREFIX = "ch_sk_"
TEST_PREFIX = "ch_sk_test_"
PUBLIC_LENGTH, SECRET_LENGTH, CHECKSUM_LENGTH = 12, 43, 6
# For scanners of other people's texts, as the developer pages publish it. Every engine of regular expressions reads it.
PATTERN = rf"{LIVE_PREFIX}(?:test_)?[0-9A-Za-z]{{{PUBLIC_LENGTH + SECRET_LENGTH + CHECKSUM_LENGTH}}}"
_SHAPE = re.compile(
    rf"(?P<prefix>{TEST_PREFIX}|{LIVE_PREFIX})"
    rf"(?P<public_part>[0-9A-Za-z]{{{PUBLIC_LENGTH}}})"
    rf"[0-9A-Za-z]{{{SECRET_LENGTH}}}"
    rf"(?P<checksum>[0-9A-Za-z]{{{CHECKSUM_LENGTH}}})"
)


@dataclass(frozen=True, slots=True)
class Token:
    """A well-formed key. `text` is the whole secret and stays out of the `repr`."""

    text: str = field(repr=False)
    public_part: str
    is_test: bool


def mint(*, is_test: bool) -> Token:
    """Return a new random token."""
    public_part = random_base62(PUBLIC_LENGTH)
    body = quotable(public_part, is_test=is_test) + random_base62(SECRET_LENGTH)
    return Token(body + checksum(body), public_part, is_test)


def parse(text: str) -> Token | None:
    """Return the token that `text` is, or None if its shape or its checksum is wrong."""
    match = _SHAPE.fullmatch(text)
    if match is None or checksum(text[:-CHECKSUM_LENGTH]) != match["checksum"]:
        return None
    return Token(text, match["public_part"], match["prefix"] == TEST_PREFIX)


def prefix(is_test: bool) -> str:
    """Return the prefix of a test key or a live key."""
    return TEST_PREFIX if is_test else LIVE_PREFIX


def quotable(public_part: str, *, is_test: bool) -> str:
    """Return the beginning of a key, which staff and partners may quote."""
    return prefix(is_test) + public_part


def has_test_prefix(text: str) -> bool:
    """Return True if `text`, well-formed or not, claims to be a test key."""
    return text.startswith(TEST_PREFIX)


def checksum(body: str) -> str:
    """Return the CRC-32 of ASCII `body` as 6 base62 characters, padded with `0`."""
    number, characters = zlib.crc32(body.encode("ascii")), ""
    for _ in range(CHECKSUM_LENGTH):
        number, digit = divmod(number, len(BASE62))
        characters = BASE62[digit] + characters
    return characters
