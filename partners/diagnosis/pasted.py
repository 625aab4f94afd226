"""Find the keys in a pasted text. After a leak, staff can paste whatever was found. The text is never kept."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum

from django.views.decorators.debug import sensitive_variables

from partners.keys import digests, in_text
from partners.keys.tokens import Token
from partners.models import ApiKey

AT_ONCE = 1_000  # public parts in one statement: databases limit the number of parameters


class Proof(Enum):
    """The possible findings about a key in a text, in the words of the page."""

    WHOLE = "The text contains this key's whole token, and its secret is right."
    UNVERIFIED = (
        "The text contains a whole token with this key's public part. Its secret could not be verified, "
        "because the key's digest key is not loaded."
    )
    MISMATCH = "The text contains a whole token with this key's public part, but with another secret."
    PUBLIC_PART = (
        "The text contains this key's public part. Its secret was not verified: no whole token was found. "
        "If more of the token follows the public part, treat the key as leaked."
    )


@dataclass(frozen=True, slots=True)
class Match:
    """A key that was found, and what the text proves about it."""

    key: ApiKey
    proof: Proof


@dataclass(frozen=True, slots=True)
class Pasted:
    """The keys in a text. `strangers`: how many whole tokens in it belong to no key. `cut`: see `in_text.Found`."""

    matches: list[Match]
    strangers: int
    cut: bool

    @property
    def only(self) -> Match | None:
        """Return the key that was found if it is the only one and there is nothing else to show."""
        return self.matches[0] if len(self.matches) == 1 and not self.strangers and not self.cut else None


@sensitive_variables()
def keys_in(text: str) -> Pasted:
    """Return the keys whose tokens or public parts are in a text."""
    found = in_text.search(text)
    matches = [Match(key, _proof(key, found.tokens)) for key in _with_public_part(found.public_parts)]
    known = {match.key.public_part for match in matches}
    strangers = {token.public_part for token in found.tokens} - known
    return Pasted(matches, len(strangers), found.cut)


@sensitive_variables()
def _with_public_part(public_parts: set[str]) -> Iterator[ApiKey]:
    keys, ordered = ApiKey.objects.select_related("organization"), sorted(public_parts)
    for at in range(0, len(ordered), AT_ONCE):
        yield from keys.filter(public_part__in=ordered[at : at + AT_ONCE])


@sensitive_variables()
def _proof(key: ApiKey, tokens: list[Token]) -> Proof:
    whole = [token for token in tokens if token.public_part == key.public_part]
    if not whole:
        return Proof.PUBLIC_PART
    if key.digest_key_number not in digests.loaded():
        return Proof.UNVERIFIED
    right = any(digests.matches(token.text, bytes(key.digest), key.digest_key_number) for token in whole)
    return Proof.WHOLE if right else Proof.MISMATCH
