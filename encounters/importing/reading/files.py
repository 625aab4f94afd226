"""What files an export has, what each may hold, and when the export was made."""

import re
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from encounters.importing.codes import Code

TYPES = ("Organization", "Patient", "Encounter", "DocumentReference")
BINARY = "Binary"
DELETIONS = "deletions"

# What is read of a file that may hold anything: each phase in a pass of its own, the first of which sees everything.
PHASES = (*TYPES, DELETIONS)

# The order of work, whatever the order of the files.
ORDER = (BINARY, *PHASES)


_NDJSON = re.compile(r".*\.(?:ndjson|jsonl)(?:\.gz)?", re.DOTALL | re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class SourceFile:
    """One file, and in which phases of the work it is read: more than one if it may hold anything.

    `name` is what reports call it, always printable; `count` is how many resources the export says that it holds.
    """

    path: Path
    name: str
    phases: tuple[str, ...] = PHASES
    is_one_document: bool = False  # a Bundle or a resource, and not a line for each
    count: int | None = None

    @property
    def is_mixed(self) -> bool:
        """Return True if the file may hold resources of any type."""
        return self.phases == PHASES

    @property
    def may_hold_bundles(self) -> bool:
        """Return True if a line may be a Bundle."""
        return DELETIONS in self.phases

    def may_hold(self, resource_type: str) -> bool:
        """Return True if the file may hold resources of this type."""
        return self.is_mixed or resource_type in self.phases


@dataclass(frozen=True, slots=True)
class Notice:
    """What an export leaves out, or says that it lacks: a code, and the file's name."""

    code: Code
    file: str


@dataclass(frozen=True, slots=True)
class Export:
    """The files of one export, in the order in which it names them."""

    name: str
    files: tuple[SourceFile, ...]
    transaction_time: datetime | None = None
    notices: tuple[Notice, ...] = ()

    def size(self) -> int:
        """Return how many bytes will be read in all."""
        return sum(file.path.stat().st_size * len(file.phases) for file in self.files)


def is_ndjson(path: Path) -> bool:
    """Return True if a file says by its name that it has one object to a line."""
    return _NDJSON.fullmatch(path.name) is not None


def printable(name: str) -> str:
    """Return a name as it may be printed: no control characters, no lone surrogates, and no endless one."""
    return "".join(each if each.isprintable() else "\ufffd" for each in name[:200])
