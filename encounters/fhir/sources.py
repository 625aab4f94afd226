"""What files an export has, what each may hold, and when the export was made."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from django.core.exceptions import ValidationError

from encounters.fhir import dates
from encounters.fhir.elements import member, objects, text

# The order of work, whatever the order of the files.
TYPES = ("Organization", "Patient", "Encounter", "DocumentReference")
DELETIONS = "deletions"
PHASES = (*TYPES, DELETIONS)

MANIFEST = "manifest.json"
LARGEST_MANIFEST = 16 * 1024 * 1024

# Not OrganizationAffiliation.ndjson, which is a type of its own.
_NDJSON = re.compile(rf"(?P<type>{'|'.join(TYPES)})(?![A-Za-z]).*\.ndjson(?:\.gz)?", re.DOTALL)
_ONE_DOCUMENT = re.compile(r".*\.json(?:\.gz)?", re.DOTALL | re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class SourceFile:
    """One file, and in which phases of the work it is read: more than one if it may hold anything."""

    path: Path
    phases: tuple[str, ...] = PHASES

    @property
    def name(self) -> str:
        """Return the name to report: of the file alone, and always printable."""
        return self.path.name.encode("utf-8", "replace").decode()

    @property
    def is_one_document(self) -> bool:
        """Tell whether the file is one JSON document, a Bundle or a resource, and not a line for each."""
        return _ONE_DOCUMENT.fullmatch(self.path.name) is not None

    @property
    def is_mixed(self) -> bool:
        """Tell whether resources of any type may stand in the file."""
        return self.phases == PHASES


@dataclass(frozen=True, slots=True)
class Export:
    """The files of one export, in the order in which it names them."""

    name: str
    files: tuple[SourceFile, ...]
    transaction_time: datetime | None = None

    def size(self) -> int:
        """Return how many bytes will be read in all."""
        return sum(file.path.stat().st_size * len(file.phases) for file in self.files)


def find(path: Path) -> Export:
    """Return the export at `path`; ValidationError, saying what to do, if there is none or a file is missing."""
    path = path.resolve()
    if path.name == MANIFEST:
        path = path.parent
    try:
        if path.is_dir():
            return _from_manifest(path) if (path / MANIFEST).exists() else _from_folder(path)
        with path.open("rb"):
            return Export(path.name, (SourceFile(path, _phases_by_name(path)),))
    except OSError as fault:
        raise ValidationError(
            f"Cannot read {path.name}: {fault.strerror}. Give a folder, an NDJSON file or a Bundle.", code="unreadable"
        ) from None


def _phases_by_name(path: Path) -> tuple[str, ...]:
    found = _NDJSON.fullmatch(path.name)
    return (found["type"],) if found else PHASES


def _from_folder(folder: Path) -> Export:
    paths = sorted(path for path in folder.iterdir() if _NDJSON.fullmatch(path.name))
    if not paths:
        raise ValidationError(
            f"The folder {folder.name} holds no {MANIFEST} and no <Type>.ndjson of {', '.join(TYPES)}.",
            code="nothing_to_import",
        )
    return Export(folder.name, tuple(SourceFile(path, _phases_by_name(path)) for path in paths))


def _from_manifest(folder: Path) -> Export:
    manifest = _manifest(folder / MANIFEST)
    outputs = [each for each in objects(manifest.get("output")) if each.get("type") in TYPES]
    files = [SourceFile(_named(folder, each), (each["type"],)) for each in outputs]
    files += [SourceFile(_named(folder, each), (DELETIONS,)) for each in objects(manifest.get("deleted"))]
    return Export(folder.name, tuple(files), dates.instant(manifest.get("transactionTime")))


def _manifest(path: Path) -> dict[str, Any]:
    try:
        with path.open("rb") as opened:
            manifest: dict[str, Any] = json.loads(opened.read(LARGEST_MANIFEST))
    except (ValueError, RecursionError):
        manifest = {}
    if not isinstance(member(manifest, "output"), list):
        raise ValidationError(f"{MANIFEST} is not a Bulk Data manifest: no JSON object with a list of output files.")
    if dates.instant(manifest.get("transactionTime")) is None:
        raise ValidationError(f"{MANIFEST} has no valid transactionTime, by which versions are told apart.")
    return manifest


def _named(folder: Path, entry: dict[str, Any]) -> Path:
    """Return the file that a manifest's url means: of its last part alone, with or without `.gz`."""
    name = unquote(urlsplit(text(entry.get("url")) or "").path).rpartition("/")[2].replace("\x00", "")
    for candidate in _spellings(name):
        if (folder / candidate).is_file():
            return folder / candidate
    raise ValidationError(
        f"{MANIFEST} names {name or 'a file without a url'}, which is not in the folder. Get the whole export again.",
        code="missing_file",
    )


def _spellings(name: str) -> Iterator[str]:
    if name not in ("", ".", ".."):
        yield from (name, f"{name}.gz", name.removesuffix(".gz"))
