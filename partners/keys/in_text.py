"""Recognize and hide tokens, or parts of them, in any text. The work is linear in the length of the text.

`partners.keys.searching` finds them.
"""

import re
from collections.abc import Callable

from partners.identifiers import BASE62, IN_TEXT, LENGTH
from partners.keys import tokens, webhook_secrets
from partners.keys.links import TOKEN_LENGTH
from partners.keys.tokens import PUBLIC_LENGTH

LONGEST = 20_000  # characters of a text that are shown
PASSES = 4  # of decoding; a text encoded in more layers is meant to hide something
ELLIPSIS = "…"
_PREFIX = f"(?:{tokens.TEST_PREFIX}|{tokens.LIVE_PREFIX})"

# One character in any number of layers of percent-encoding: %41, %2541, %252541. Tokens are ASCII.
_ENCODED = re.compile(r"%(?:25)*([0-7][0-9A-Fa-f])")
_PRESENTED = re.compile(rf"{_PREFIX}([0-9A-Za-z]{{{PUBLIC_LENGTH}}})")
_QUOTED = re.compile(rf"{_PREFIX}?([0-9A-Za-z]{{{PUBLIC_LENGTH}}})(?:…|\.\.\.)?")
# The secret of a webhook endpoint, in any kind of Base64. A signature is as long, but follows "v1,".
_WEBHOOK = rf"{webhook_secrets.PREFIX}[0-9A-Z+/_-]{{8,}}=?|(?<![0-9A-Z+/_,-])[0-9A-Z+/_-]{{43}}="
# The token of a link to a key has no prefix. Signatures in the hidden fields of forms are as long, but follow a colon.
_OF_LINK = rf"(?<![0-9A-Z_:-])[0-9A-Z]{{{TOKEN_LENGTH}}}(?![0-9A-Z_:-])"
_SECRET = re.compile(rf"{_PREFIX}[0-9A-Z]{{{PUBLIC_LENGTH + 1}}}|{_OF_LINK}|{_WEBHOOK}", re.IGNORECASE)
_LIKE_ONE = re.compile(
    rf"ch_?sk_|{webhook_secrets.PREFIX}|[0-9A-Za-z]{{{PUBLIC_LENGTH + 1},}}|{_WEBHOOK}", re.IGNORECASE
)
_LIKE_SENT = re.compile(rf"{tokens.LIVE_PREFIX}.*|\S{{30,}}", re.IGNORECASE | re.DOTALL)
# Half a token is a secret too, and so is a token with another prefix: any run longer than an identifier's.
_SECRETS = re.compile(
    rf"(?P<shown>{_PREFIX}[0-9A-Za-z]{{{PUBLIC_LENGTH}}})[0-9A-Za-z]+|{_WEBHOOK}|[0-9A-Za-z]{{{LENGTH + 1},}}",
    re.IGNORECASE,
)
# A log keeps not even the public part. A run of letters alone is left, because it may be a long class name.
_KEY_LIKE = re.compile(
    rf"ch_sk_[0-9A-Za-z_]*|{_WEBHOOK}|[0-9A-Za-z]{{40,}}|(?=[A-Za-z]{{0,38}}[0-9])[0-9A-Za-z]{{23,39}}", re.IGNORECASE
)


def presented(token: str) -> str | None:
    """Return what is in the place of the public part in a text that was sent as a token, if anything is."""
    match = _PRESENTED.match(token)
    return match and match[1]


def quoted(text: str) -> str | None:
    """Return the public part that `text` is, with or without the prefix before it and an ellipsis after it."""
    match = _QUOTED.fullmatch(text)
    return match and match[1]


def may_be_sent_as_token(text: str) -> bool:
    """Return True if a client may have sent this text as its token, whatever is wrong with it."""
    return _LIKE_SENT.fullmatch(text) is not None


def holds_token(text: str) -> bool:
    """Return True if the text contains a secret, even damaged: of a key, of a link or of a webhook endpoint."""
    return _SECRET.search(decoded(text) or "") is not None or _SECRET.search(text) is not None


def may_hold_part(text: str) -> bool:
    """Return True if the text may contain any part of a token. Such a text must not get into a URL."""
    return _LIKE_ONE.search(IN_TEXT.sub("", text)) is not None or decoded(text) != text


def without_tokens(text: str) -> str:
    """Return a text to show: an ellipsis replaces the secret of every token in it, also of percent-encoded ones."""
    shown = cut(text)
    hidden = _hidden(_SECRETS, shown, lambda match: f"{match['shown'] or ''}{ELLIPSIS}")
    return hidden if shown == text else hidden + ELLIPSIS


def redacted(text: str, mark: str, longest: int) -> str:
    """Return a text for the log, with `mark` in place of every token. It is cut only after that."""
    return _hidden(_KEY_LIKE, cut(text, 10 * longest), lambda match: mark)[:longest]


def cut(text: str, longest: int = LONGEST) -> str:
    """Return the beginning of a text, without a run that goes beyond it: half a token isn't recognized as one."""
    return text if len(text) <= longest else text[:longest].rstrip(f"{BASE62}_%")


def decoded(text: str) -> str | None:
    """Return a text without percent-encoding, or None if that takes more than `PASSES`."""
    for _ in range(PASSES):
        plain = _ENCODED.sub(lambda match: chr(int(match[1], 16)), text)
        if plain == text:
            return text
        text = plain
    return None


def _hidden(pattern: re.Pattern[str], text: str, write: Callable[[re.Match[str]], str]) -> str:
    plain = decoded(text)
    if plain is None:
        return ELLIPSIS
    return pattern.sub(write, plain if pattern.search(plain) else text)
