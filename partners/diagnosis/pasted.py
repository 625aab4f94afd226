"""Find the keys in a text. After a leak, staff can give whatever was found. The text is never kept."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Set
from dataclasses import dataclass

from django.views.decorators.debug import sensitive_variables

from partners.keys import digests, searching
from partners.keys.tokens import Token
from partners.models import ApiKey
from partners.models.keys.leak import Proof

AT_ONCE = 1_000  # public parts in one statement: databases limit the number of parameters
SHORT = 1_000  # characters of a text whose parts are looked up; for a longer one, all public parts are read


@dataclass(frozen=True, slots=True)
class Match:
    """A key that was found, and what the text proves about it."""

    key: ApiKey
    proof: Proof


@dataclass(frozen=True, slots=True)
class Pasted:
    """The keys in a text, the best proved first. `strangers`: how many whole tokens in it belong to no key."""

    matches: list[Match]
    strangers: int

    @property
    def only(self) -> Match | None:
        """Return the key that was found if it is the only one and there is nothing else to show."""
        return self.matches[0] if len(self.matches) == 1 and not self.strangers else None


@sensitive_variables()
def keys_in(text: str) -> Pasted:
    """Return the keys whose tokens or public parts are in a text."""
    if len(text) > SHORT:
        return keys_in_pieces([text])
    parts = {part for reading in searching.readings(text) for part in searching.public_parts(reading)}
    return _keys_in([text], {key.public_part for key in with_public_part(parts)})


@sensitive_variables()
def keys_in_pieces(text: Iterable[str]) -> Pasted:
    """Return the keys in a text of any length, which is read bit by bit."""
    return _keys_in(searching.pieces(text), set(ApiKey.objects.order_by().values_list("public_part", flat=True)))


@sensitive_variables()
def _keys_in(pieces: Iterable[str], known: Set[str]) -> Pasted:
    found: defaultdict[str, set[Token]] = defaultdict(set)
    strangers: set[str] = set()
    for piece in pieces:
        for reading in searching.readings(piece):
            for part, tokens in searching.found(reading, known).items():
                found[part] |= tokens
            strangers |= {token.public_part for token in searching.with_prefix(reading)} - known
    matches = [Match(key, proof_of(key, found[key.public_part])) for key in with_public_part(found)]
    return Pasted(sorted(matches, key=lambda each: (each.proof.rank, each.key.pk)), len(strangers))


@sensitive_variables()
def with_public_part(parts: Iterable[str]) -> Iterator[ApiKey]:
    """Yield the keys with these public parts."""
    keys, ordered = ApiKey.objects.select_related("organization"), sorted(parts)
    for at in range(0, len(ordered), AT_ONCE):
        yield from keys.filter(public_part__in=ordered[at : at + AT_ONCE])


@sensitive_variables()
def proof_of(key: ApiKey, tokens: set[Token]) -> Proof:
    """Return what whole tokens with a key's public part prove; none are a proof of the public part alone."""
    if not tokens:
        return Proof.PUBLIC_PART
    if key.digest_key_number not in digests.loaded():
        return Proof.UNVERIFIED
    right = any(digests.matches(token.text, bytes(key.digest), key.digest_key_number) for token in tokens)
    return Proof.WHOLE if right else Proof.MISMATCH
