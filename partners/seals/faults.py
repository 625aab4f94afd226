"""What shows that somebody touched the record."""

from collections import Counter
from dataclasses import dataclass, field
from enum import Enum

SEALS, TRIGGERS = "seals", "triggers"


class Kind(Enum):
    """One kind of fault: its name in reports, and what is said about the first of its kind."""

    ROW_ALTERED = ("altered", "row {row} was altered")
    ROW_REMOVED = ("removed", "row {row} was removed")
    ROW_INSERTED = ("inserted", "row {row} was inserted after its seal")
    ROW_TIME = ("time", "row {row} has a time that is not the time at which it was written")
    TABLE_MISSING = ("table_missing", "the table does not exist or lacks a column")
    SEAL_ALTERED = ("seal_altered", "seal {seal} was altered")
    SEAL_REMOVED = ("seal_removed", "the seal before seal {seal} was removed")
    KEY_UNKNOWN = ("key_unknown", "seal {seal} was signed with key {row}, which is not loaded")
    NOTHING_SEALED = ("nothing_sealed", "nothing is sealed")
    CHECKPOINT_INVALID = ("checkpoint_invalid", "the checkpoint is not signed with a key that is loaded")
    CHAIN_SHORTER = ("chain_shorter", "seal {seal} of the checkpoint does not exist: the database is older than it")
    CHAIN_REWRITTEN = ("chain_rewritten", "seal {seal} is not the one of the checkpoint")
    TRIGGER = ("trigger", "{what}")

    def __init__(self, code: str, sentence: str) -> None:
        self.code = code
        self.sentence = sentence


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault. `table` is a name of `TABLES`, SEALS or TRIGGERS; `row` an id, or the number of a key."""

    kind: Kind
    table: str
    seal: int | None = None
    row: int | None = None
    what: str = ""

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

    def add(self, fault: Fault) -> None:
        place = (fault.table, fault.kind)
        self.first.setdefault(place, fault)
        self.numbers[place] += 1
