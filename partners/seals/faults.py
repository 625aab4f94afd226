"""What shows that somebody touched the record."""

from collections import Counter
from dataclasses import dataclass, field
from enum import Enum
from hashlib import sha256
from typing import Any

from partners.formats.framing import framed

SEALS, TRIGGERS = "seals", "triggers"


_COMPARE = "Compare it with a backup from before that seal, and find out who had access to the database since then."


class Kind(Enum):
    """One kind of fault: its name in reports, what is said about the first of its kind, and what to do next."""

    ROW_ALTERED = ("altered", "row {row} was altered", f"{_COMPARE} A repair with SQL leaves the same trace.")
    ROW_REMOVED = ("removed", "row {row} was removed", f"{_COMPARE} Only prune_records may delete rows.")
    ROW_INSERTED = ("inserted", "row {row} was inserted after its seal", _COMPARE)
    ROW_TIME = (
        "time",
        "row {row} has a time that is not the time at which it was written",
        "Find out whether the clock of a server was wrong then. If not, somebody inserted the row.",
    )
    TABLE_MISSING = (
        "table_missing",
        "the table does not exist or lacks a column",
        "Run migrate. If that doesn't bring it back, restore the table from a backup.",
    )
    SEAL_ALTERED = ("seal_altered", "seal {seal} was altered", "Compare the seals with a backup and with checkpoints.")
    SEAL_REMOVED = (
        "seal_removed",
        "the seal before seal {seal} was removed",
        "Compare the seals with a backup and with checkpoints.",
    )
    KEY_UNKNOWN = (
        "key_unknown",
        "seal {seal} was signed with key {row}, which is not loaded",
        "Add that public key to CHARTERO_SEAL_PUBLIC_KEYS and verify again. If nobody has it, the seal is not ours.",
    )
    NOTHING_SEALED = (
        "nothing_sealed",
        "nothing is sealed",
        "Run seal_records. If it ran before, the seals were deleted: compare with checkpoints.",
    )
    CHECKPOINT_INVALID = (
        "checkpoint_invalid",
        "the checkpoint is not signed with a key that is loaded",
        "Find out where the checkpoint is from. If its key was replaced, add the old public key and verify again.",
    )
    CHAIN_SHORTER = (
        "chain_shorter",
        "seal {seal} of the checkpoint does not exist: the database is older than it",
        "Find out whether a backup was restored. If not, the newest seals were cut off.",
    )
    CHAIN_REWRITTEN = (
        "chain_rewritten",
        "seal {seal} is not the one of the checkpoint",
        "Find out whether a backup was restored since. If not, somebody has the private key: make a new one.",
    )
    TRIGGER = ("trigger", "{what}", "Run migrate, and find out who altered it: only the owner of the tables can.")

    def __init__(self, code: str, sentence: str, next_step: str) -> None:
        self.code = code
        self.sentence = sentence
        self.next_step = next_step

    @property
    def is_lasting(self) -> bool:
        """Return True if nothing can put it right: the record stays as it is, and so do its seals."""
        return self not in _PASSING


_PASSING = {Kind.TABLE_MISSING, Kind.KEY_UNKNOWN, Kind.NOTHING_SEALED, Kind.CHECKPOINT_INVALID, Kind.TRIGGER}
NEXT_STEPS = {kind.code: kind.next_step for kind in Kind}


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault. `table` is a name of `TABLES`, SEALS or TRIGGERS; `row` an id, or the number of a key.

    `found` is the digest of the row as it is now.
    """

    kind: Kind
    table: str
    seal: int | None = None
    row: int | None = None
    what: str = ""
    found: str = ""

    def __str__(self) -> str:
        return f"{self.table}: {self.kind.sentence.format(seal=self.seal, row=self.row, what=self.what)}"


@dataclass(slots=True)
class Findings:
    """What a verification found: the first fault of each kind in each table, and how many there were of it."""

    first: dict[tuple[str, Kind], Fault] = field(default_factory=dict)
    numbers: Counter[tuple[str, Kind]] = field(default_factory=Counter)
    seals: int = 0
    rows: int = 0
    pruned: int = 0
    unsealed: int = 0
    last_seal: int = 0
    _all: Any = field(default_factory=sha256)

    def add(self, fault: Fault) -> None:
        place = (fault.table, fault.kind)
        self.first.setdefault(place, fault)
        self.numbers[place] += 1
        self._all.update(framed([str(fault), fault.found]))

    def digest(self) -> str:
        """Return the SHA-256 of all faults in their order, or nothing if one of them can be put right."""
        return str(self._all.hexdigest()) if all(kind.is_lasting for _, kind in self.first) else ""
