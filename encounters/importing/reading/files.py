"""The files of an export, what each can contain, and when the export was made."""

import re
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from encounters.importing.codes import Code

TYPES = ("Organization", "Patient", "Encounter", "DocumentReference")
BINARY = "Binary"
DELETIONS = "deletions"

# The phases of a file that can contain anything. Each phase reads the file once; the first one sees everything.
PHASES = (*TYPES, DELETIONS)

# The order of the phases, independent of the order of the files.
ORDER = (BINARY, *PHASES)


_NDJSON = re.compile(r".*\.(?:ndjson|jsonl)(?:\.gz)?", re.DOTALL | re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class SourceFile:
    """One file, and the phases in which it is read: all of them if it can contain anything.

    `name` is the printable name for reports. `count` is the number of resources that the export says it contains.
    """

    path: Path
    name: str
    phases: tuple[str, ...] = PHASES
    is_one_document: bool = False  # one Bundle or resource, instead of one resource per line
    count: int | None = None

    @property
    def is_mixed(self) -> bool:
        """Return True if the file can contain resources of any type."""
        return self.phases == PHASES

    @property
    def may_hold_bundles(self) -> bool:
        """Return True if a line can be a Bundle."""
        return DELETIONS in self.phases

    def may_hold(self, resource_type: str) -> bool:
        """Return True if the file can contain resources of this type."""
        return self.is_mixed or resource_type in self.phases


@dataclass(frozen=True, slots=True)
class Omission:
    """Something that is not imported or that the export says is missing: a code, and the file's name."""

    code: Code
    file: str


@dataclass(frozen=True, slots=True)
class Export:
    """The files of one export, in its order."""

    name: str
    files: tuple[SourceFile, ...]
    transaction_time: datetime | None = None
    omissions: tuple[Omission, ...] = ()

    def size(self) -> int:
        """Return the number of bytes that will be read in total."""
        return sum(file.path.stat().st_size * len(file.phases) for file in self.files)


def is_ndjson(path: Path) -> bool:
    """Return True if the name of a file says that it has one object per line."""
    return _NDJSON.fullmatch(path.name) is not None


def printable_name(name: str) -> str:
    """Return a name that is safe to print: without control characters and lone surrogates, and not too long."""
    return "".join(each if each.isprintable() else "\ufffd" for each in name[:200])
