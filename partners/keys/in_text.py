"""Tokens and parts of them in any text: found, told apart and hidden. The work is linear in the length of the text.

A token is found without its prefix too, with blanks, line breaks or quotes inside it, and percent-encoded.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, field

from partners.identifiers import BASE62, LENGTH
from partners.keys import tokens
from partners.keys.tokens import PUBLIC_LENGTH, Token

LONGEST = 20_000  # of a text that is searched or shown
PASSES = 4  # of decoding; who encodes in more layers wants to hide something
ELLIPSIS = "…"
_PREFIX = f"(?:{tokens.TEST_PREFIX}|{tokens.LIVE_PREFIX})"
_AFTER_PREFIX = tokens.PUBLIC_LENGTH + tokens.SECRET_LENGTH + tokens.CHECKSUM_LENGTH

# One character, in as many layers of percent-encoding as there are: %41, %2541, %252541. Beyond ASCII is no token.
_ENCODED = re.compile(r"%(?:25)*([0-7][0-9A-Fa-f])")
_ESCAPED_BREAK = re.compile(r"\\[nrt]")
_NO_PART_OF_ONE = re.compile(r"[^0-9A-Za-z_]+")
_RUN = re.compile(rf"[0-9A-Za-z]{{{PUBLIC_LENGTH},}}")
_ID = re.compile(rf"\b[a-z]{{3}}_[0-9A-Za-z]{{{LENGTH}}}\b")
_PRESENTED = re.compile(rf"{_PREFIX}([0-9A-Za-z]{{{PUBLIC_LENGTH}}})")
_QUOTED = re.compile(rf"{_PREFIX}?([0-9A-Za-z]{{{PUBLIC_LENGTH}}})(?:…|\.\.\.)?")
_SECRET = re.compile(rf"{_PREFIX}[0-9A-Za-z]{{{PUBLIC_LENGTH + 1}}}", re.IGNORECASE)
_LIKE_ONE = re.compile(rf"ch_?sk_|[0-9A-Za-z]{{{PUBLIC_LENGTH + 1},}}", re.IGNORECASE)
_LIKE_SENT = re.compile(rf"{tokens.LIVE_PREFIX}.*|\S{{30,}}", re.IGNORECASE | re.DOTALL)
# Half a token is a secret too, and so is one whose prefix was changed: a run that is longer than an identifier's.
_SECRETS = re.compile(
    rf"(?P<shown>{_PREFIX}[0-9A-Za-z]{{{PUBLIC_LENGTH}}})[0-9A-Za-z]+|[0-9A-Za-z]{{{LENGTH + 1},}}", re.IGNORECASE
)
# In a log not even the public part stays; but a run of letters alone may be the long name of a class.
_KEY_LIKE = re.compile(r"ch_sk_[0-9A-Za-z_]*|[0-9A-Za-z]{40,}|(?=[A-Za-z]{0,38}[0-9])[0-9A-Za-z]{23,39}", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Found:
    """What a text holds: whole tokens, and every text that may be a public part. `cut`: its end was not searched."""

    tokens: list[Token]
    public_parts: set[str] = field(repr=False)
    cut: bool


def search(text: str) -> Found:
    """Find the tokens of a text, whole or not."""
    searched = cut(text)
    runs = {run for reading in _readings(searched) for run in _RUN.findall(reading)}
    windows = {run[at : at + _AFTER_PREFIX] for run in runs for at in range(len(run) - _AFTER_PREFIX + 1)}
    prefixes = (tokens.LIVE_PREFIX, tokens.TEST_PREFIX)
    candidates = (tokens.parse(prefix + window) for window in windows for prefix in prefixes)
    parts = {run[at : at + PUBLIC_LENGTH] for run in runs for at in range(len(run) - PUBLIC_LENGTH + 1)}
    return Found([token for token in candidates if token is not None], parts, cut=searched != text)


def presented(token: str) -> str | None:
    """Return what stands in the place of the public part in what was sent as a token, if anything does."""
    match = _PRESENTED.match(token)
    return match and match[1]


def quoted(text: str) -> str | None:
    """Return the public part that `text` is, with the prefix before it or an ellipsis behind it or not."""
    match = _QUOTED.fullmatch(text)
    return match and match[1]


def may_be_sent_as_token(text: str) -> bool:
    """Return True for a text that a client may have sent as its token, whatever is wrong with it."""
    return _LIKE_SENT.fullmatch(text) is not None


def holds_token(text: str) -> bool:
    """Return True for a text with a token in it, even a damaged one: more of it than the public part."""
    return _SECRET.search(_decoded(text) or "") is not None or _SECRET.search(text) is not None


def may_hold_part(text: str) -> bool:
    """Return True for a text that may hold any part of a token, so that it belongs into no address."""
    return _LIKE_ONE.search(_ID.sub("", text)) is not None or _decoded(text) != text


def without_tokens(text: str) -> str:
    """Return a text to show, with an ellipsis in place of the secret of every token in it, percent-encoded ones too."""
    shown = cut(text)
    hidden = _hidden(_SECRETS, shown, lambda match: f"{match['shown'] or ''}{ELLIPSIS}")
    return hidden if shown == text else hidden + ELLIPSIS


def redacted(text: str, mark: str, longest: int) -> str:
    """Return a text for the log, `mark` in place of every token: first that, then the cut."""
    return _hidden(_KEY_LIKE, cut(text, 10 * longest), lambda match: mark)[:longest]


def cut(text: str, longest: int = LONGEST) -> str:
    """Return the beginning of a text. A run that goes on beyond it is left out: half of a token is not seen as one."""
    return text if len(text) <= longest else text[:longest].rstrip(f"{BASE62}_%")


def _decoded(text: str) -> str | None:
    """Return a text without percent-encoding, None where that takes more passes than it is worth."""
    for _ in range(PASSES):
        plain = _ENCODED.sub(lambda match: chr(int(match[1], 16)), text)
        if plain == text:
            return text
        text = plain
    return None


def _readings(text: str) -> set[str]:
    """Return the ways to read a text, each without what may come between the characters of a token."""
    decoded = _decoded(text) or ""
    return {_NO_PART_OF_ONE.sub("", each) for each in (text, decoded, _ESCAPED_BREAK.sub("", decoded))}


def _hidden(pattern: re.Pattern[str], text: str, write: Callable[[re.Match[str]], str]) -> str:
    plain = _decoded(text)
    if plain is None:
        return ELLIPSIS
    return pattern.sub(write, plain if pattern.search(plain) else text)
