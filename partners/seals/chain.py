"""Whether a seal is the one that was made: its signature, its tree, and its place in the chain."""

import struct
from dataclasses import dataclass, field
from datetime import datetime

from partners.keys import seal_keys
from partners.models.seal import FULL, NO_SEAL, Seal, SealedRow, SealQuerySet
from partners.seals import merkle
from partners.seals.canonical.rows import BELOW_ALL
from partners.seals.canonical.tables import TABLES
from partners.seals.faults import SEALS, Fault, Kind


@dataclass(slots=True)
class Chain:
    """The chain up to a seal: its number and digest, and by table the id up to which rows are sealed.

    `complete`: when the last seal of a table was made that had all rows which could be sealed then.
    """

    number: int = 0
    digest: bytes = NO_SEAL
    sealed_to: dict[str, int] = field(default_factory=lambda: dict.fromkeys(TABLES, BELOW_ALL))
    complete: dict[str, datetime] = field(default_factory=dict)

    @classmethod
    def before(cls, number: int) -> "Chain":
        """Return the chain that the seal with this number continues. What comes before it is taken as it is."""
        chain, earlier = cls(), Seal.objects.filter(number__lt=number)
        for found in (earlier.filter(count__lt=FULL), earlier):
            for seal in filter(None, (_last_of(name, found) for name in TABLES)):
                chain.add(seal)
        chain.number = earlier.last_number()
        head = Seal.objects.readable(chain.number)
        chain.digest = head.digest() if head else NO_SEAL
        return chain

    def faults(self, seal: Seal) -> list[Fault]:
        """Return what is wrong with the next seal of the chain."""
        kinds = []
        if seal.number != self.number + 1:
            kinds.append(Kind.SEAL_REMOVED)
        elif bytes(seal.previous) != self.digest or seal.first_id != self.sealed_to.get(seal.table, 0) + 1:
            kinds.append(Kind.SEAL_ALTERED)
        if seal.key_number not in seal_keys.public():
            kinds.append(Kind.KEY_UNKNOWN)
        elif not is_whole(seal):
            kinds.append(Kind.SEAL_ALTERED)
        return [Fault(kind, SEALS, seal.number, seal.key_number) for kind in dict.fromkeys(kinds)]

    def add(self, seal: Seal) -> None:
        """Continue the chain with this seal, whether or not something is wrong with it."""
        self.number, self.digest = seal.number, seal.digest()
        self.sealed_to[seal.table] = seal.last_id
        if not seal.is_full:
            self.complete[seal.table] = seal.sealed_at


def _last_of(table: str, seals: SealQuerySet) -> Seal | None:
    """Return the last of these seals of a table, or None if there is none, or if its values can't be read."""
    number = seals.filter(table=table).order_by("-last_id").values_list("number", flat=True).first()
    return None if number is None else Seal.objects.readable(number)


def is_whole(seal: Seal) -> bool:
    """Return True if the seal is signed, and its rows are those that its signature is about."""
    if not seal_keys.is_signed(seal.statement(), bytes(seal.signature), seal.key_number):
        return False
    packed = [row.packed() for row in sealed_rows(seal)]
    return merkle.root(packed) == bytes(seal.root) and len(packed) == seal.count


def sealed_rows(seal: Seal) -> list[SealedRow]:
    """Return the rows of a seal; none if their bytes are damaged."""
    try:
        return [*seal.sealed_rows()]
    except struct.error:
        return []
