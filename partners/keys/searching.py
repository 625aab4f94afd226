"""Find tokens, whole or not, in a text of any length. The work is linear in its length, and the memory is bounded.

A token is found even without its prefix, with whitespace, line breaks or quotes inside it, or percent-encoded. With its
prefix, it is found in Base64 too.
"""

import binascii
import re
from collections.abc import Iterable, Iterator, Set

from partners.keys import in_text, tokens
from partners.keys.tokens import PUBLIC_LENGTH, Token

PIECE = 256 * 1024  # characters that are searched at once
OVERLAP = 4_000  # characters of a piece that begin the next one: no token is written in more
_AFTER_PREFIX = PUBLIC_LENGTH + tokens.SECRET_LENGTH + tokens.CHECKSUM_LENGTH
_PREFIXES = (tokens.LIVE_PREFIX, tokens.TEST_PREFIX)

_ESCAPED_BREAK = re.compile(r"\\[nrt]")
_NO_PART_OF_ONE = re.compile(r"[^0-9A-Za-z_]+")
_RUN = re.compile(rf"[0-9A-Za-z]{{{PUBLIC_LENGTH},}}")
_WITH_PREFIX = re.compile(rf"ch_?sk_?(?:test_?)?(?=([0-9A-Za-z]{{{_AFTER_PREFIX}}}))")
_BASE64 = re.compile(r"[0-9A-Za-z+/_\r\n-]{40,}")
_STANDARD = str.maketrans("-_", "+/", "\r\n")


def pieces(text: Iterable[str]) -> Iterator[str]:
    """Yield a text that is read bit by bit in pieces that overlap, so that one of them has each token as a whole."""
    held = ""
    for bit in text:
        held += bit
        while len(held) > PIECE:
            yield held[:PIECE]
            held = held[PIECE - OVERLAP :]
    yield held


def readings(text: str) -> set[str]:
    """Return the ways to read a text, each without the characters that may separate those of a token."""
    decoded = in_text.decoded(text) or ""
    ways = (text, decoded, _ESCAPED_BREAK.sub("", decoded), *_from_base64(text))
    return {_NO_PART_OF_ONE.sub("", each) for each in ways}


def public_parts(reading: str) -> Iterator[str]:
    """Yield everything that may be a public part."""
    for run in _RUN.findall(reading):
        yield from (run[at : at + PUBLIC_LENGTH] for at in range(len(run) - PUBLIC_LENGTH + 1))


def found(reading: str, known: Set[str]) -> dict[str, set[Token]]:
    """Return the known public parts that are in a reading, each with the whole tokens that begin with it."""
    hits: dict[str, set[Token]] = {}
    for run in _RUN.findall(reading):
        for at in [at for at in range(len(run) - PUBLIC_LENGTH + 1) if run[at : at + PUBLIC_LENGTH] in known]:
            hits.setdefault(run[at : at + PUBLIC_LENGTH], set()).update(_whole(run[at : at + _AFTER_PREFIX]))
    return hits


def with_prefix(reading: str) -> set[Token]:
    """Return the whole tokens in a reading that have their prefix, whoever issued them."""
    return {token for match in _WITH_PREFIX.finditer(reading) for token in _whole(match[1])}


def _whole(after_prefix: str) -> list[Token]:
    """Return the token that is written without its prefix, if any."""
    candidates = (tokens.parse(prefix + after_prefix) for prefix in _PREFIXES)
    return [token for token in candidates if token is not None]


def _from_base64(text: str) -> Iterator[str]:
    """Yield what is in Base64 in a text, where that contains the prefix of a token."""
    for run in _BASE64.findall(text):
        letters = run.translate(_STANDARD)
        for at in range(4):  # where the run begins in the middle of something else
            rest = letters[at:-1] if (len(letters) - at) % 4 == 1 else letters[at:]
            plain = binascii.a2b_base64(f"{rest}==")
            if tokens.LIVE_PREFIX.encode() in plain:
                yield plain.decode("latin-1")
