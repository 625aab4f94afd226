"""Find the export at a path: a single file, or a folder. Without a manifest, file names show what the files contain."""

import os
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from django.core.exceptions import ValidationError

from encounters.fhir.export import manifests
from encounters.fhir.export.manifests import DELETED, MANIFEST
from encounters.importing.codes import Code
from encounters.importing.reading.files import (
    BINARY,
    DELETIONS,
    PHASES,
    TYPES,
    Export,
    Omission,
    SourceFile,
    is_ndjson,
    printable_name,
)

ERRORS = "error"
_BY_NAME = {each.lower(): each for each in (*TYPES, BINARY)}

# `Encounter.ndjson`, `1.Encounter.000.ndjson.gz`, `job7_Encounter_1.jsonl`, but not `EncounterHistory.ndjson`.
_TYPE = re.compile(rf"(?:[0-9]+\.|.*?_)?(?P<type>{'|'.join(_BY_NAME)})(?![a-z]).*", re.DOTALL | re.IGNORECASE)
_ONE_DOCUMENT = re.compile(r".*\.json(?:\.gz)?", re.DOTALL | re.IGNORECASE)


def find_export(path: Path) -> Export:
    """Return the export at `path`. Raise ValidationError, with what to do, if it or one of its files is missing."""
    path = path.resolve()
    if path.name == MANIFEST:
        path = path.parent
    try:
        if path.is_dir():
            return _folder(path)
        with path.open("rb"):
            return Export(path.name, (_file(path) or SourceFile(path, printable_name(path.name)),))
    except OSError as fault:
        raise ValidationError(
            f"Can't read {path.name}: {fault.strerror}. Specify a folder, an NDJSON file or a Bundle.",
            code="unreadable",
        ) from None


def _folder(folder: Path) -> Export:
    """Return the export in a folder, with an omission for each file that is not read."""
    has_manifest = (folder / MANIFEST).exists()
    export = manifests.read(folder) if has_manifest else Export(folder.name, tuple(_files(folder)))
    if not (has_manifest or export.files):
        raise ValidationError(
            f"The folder {folder.name} has no {MANIFEST}, no <Type>.ndjson files of {', '.join(TYPES)}, and no Bundles "
            "named .json. Rename the files by their type, or import each file by its path with the same --source.",
            code="nothing_to_import",
        )
    known = {file.path for file in export.files} | {folder / MANIFEST}
    unread = tuple(_omission(folder, path) for path in _all_files(folder) if path not in known)
    return replace(export, omissions=export.omissions + unread)


def _files(folder: Path) -> Iterator[SourceFile]:
    for path in sorted(folder.iterdir()):
        if path.is_file() and (found := _file(path)) and (found.phases != PHASES or found.is_one_document):
            yield found
    for path in sorted((folder / DELETED).glob("*")):
        if path.is_file() and is_ndjson(path):
            yield SourceFile(path, printable_name(f"{DELETED}/{path.name}"), (DELETIONS,))


def _file(path: Path) -> SourceFile | None:
    """Return a file with the phases that its name indicates; None if the name is not that of an export's file."""
    if _ONE_DOCUMENT.fullmatch(path.name):
        return SourceFile(path, printable_name(path.name), is_one_document=True)
    if not is_ndjson(path):
        return None
    found = _TYPE.fullmatch(path.name)
    return SourceFile(path, printable_name(path.name), (_BY_NAME[found["type"].lower()],) if found else PHASES)


def _all_files(folder: Path) -> Iterator[Path]:
    for where, folders, names in os.walk(folder):
        folders.sort()
        yield from (Path(where, name) for name in sorted(names))


def _omission(folder: Path, path: Path) -> Omission:
    relative = path.relative_to(folder)
    code = Code.EXPORT_ERRORS if relative.parts[0] == ERRORS and len(relative.parts) > 1 else Code.FILE_NOT_READ
    return Omission(code, printable_name(str(relative)))
