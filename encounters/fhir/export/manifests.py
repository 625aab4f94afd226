"""Read the manifest of a Bulk Data export: which files it has, where they are, and what it says is missing."""

import json
import os
from collections.abc import Container, Iterator
from pathlib import Path
from typing import NoReturn
from urllib.parse import unquote, urlsplit

from django.core.exceptions import ValidationError

from encounters.fhir import dates
from encounters.importing.codes import Code
from encounters.importing.reading.elements import Json, member, objects, text
from encounters.importing.reading.files import (
    BINARY,
    DELETIONS,
    PHASES,
    TYPES,
    Export,
    Omission,
    SourceFile,
    printable_name,
)

MANIFEST = "manifest.json"
LARGEST_MANIFEST = 16 * 1024 * 1024

# The folder of deletions, if a client sorts its downloads.
DELETED = "deleted"

# The folders of a url that are looked for, with the file, so that a url of any length takes no time.
DEEPEST = 32

# An output without a type contains several types, as in an export that is organized by patient.
MIXED = (None, "Bundle")


def read(folder: Path) -> Export:
    """Return the export of a folder's manifest. Raise ValidationError, with what to do, if it is incomplete."""
    manifest = _content(folder / MANIFEST)
    outputs = list(_outputs(folder, manifest))
    known = {file.path for file in outputs}
    deletions = [
        SourceFile(path, _name(folder, path), (DELETIONS,))
        for path in (_deletions(folder, each, known) for each in objects(manifest.get("deleted")))
    ]
    moment = dates.instant(manifest.get("transactionTime"))
    return Export(folder.name, (*outputs, *deletions), moment, tuple(_omissions(manifest)))


def _content(path: Path) -> Json:
    try:
        with path.open("rb") as opened:
            manifest: Json = json.loads(opened.read(LARGEST_MANIFEST))
    except (ValueError, RecursionError):
        manifest = {}
    if not isinstance(member(manifest, "output"), list):
        raise ValidationError(f"{MANIFEST} is not a Bulk Data manifest: it must be a JSON object with a list `output`.")
    if dates.instant(manifest.get("transactionTime")) is None:
        raise ValidationError(
            f"{MANIFEST} has no valid transactionTime, which is needed to compare versions. "
            "Write it in the form 2026-05-25T14:00:00Z."
        )
    return manifest


def _outputs(folder: Path, manifest: Json) -> Iterator[SourceFile]:
    """Yield the files of imported types. They are NDJSON, whatever their extension."""
    for each in objects(manifest.get("output")):
        if path := _output(folder, each):
            phases = PHASES if each.get("type") in MIXED else (str(each["type"]),)
            count = each.get("count")
            yield SourceFile(path, _name(folder, path), phases, count=count if isinstance(count, int) else None)


def _output(folder: Path, entry: Json) -> Path | None:
    """Return the file of an output; None if its type is not imported, or if it is a missing Binary."""
    if entry.get("type") not in (*TYPES, *MIXED, BINARY):
        return None
    found = _found(folder, _candidates(entry))
    return found if found or entry.get("type") == BINARY else _missing(entry)


def _omissions(manifest: Json) -> Iterator[Omission]:
    """Yield what the export says is missing."""
    for each in objects(manifest.get("error")):
        *_, name = ("", *_parts(text(each.get("url"))))
        yield Omission(Code.EXPORT_ERRORS, printable_name(name) or MANIFEST)
    if any(each.get("relation") == "next" for each in objects(manifest.get("link"))):
        yield Omission(Code.MORE_PAGES, MANIFEST)


def _deletions(folder: Path, entry: Json, outputs: set[Path]) -> Path:
    """Return a file of deletions. Look in `deleted` first, then next to the outputs; it is never an output itself."""
    *longer, name = _candidates(entry) or [()]
    return _found(folder, [*longer, (DELETED, *name), name], outputs) or _missing(entry)


def _candidates(entry: Json) -> list[tuple[str, ...]]:
    """Return the paths in the folder at which a file can be, most likely first, as tuples of parts.

    The first is the `destination` that a client has noted. The others are the endings of the url, longest first.
    """
    noted, parts = _parts(text(entry.get("destination"))), _parts(text(entry.get("url")))[-DEEPEST:]
    endings = [parts[start:] for start in range(len(parts))]
    return [noted, *endings] if noted else endings


def _parts(url: str | None) -> tuple[str, ...]:
    """Return the parts of a url's path, without those that lead out of the folder."""
    try:
        path = unquote(urlsplit(url or "").path)
    except ValueError:  # a host in brackets that is no address
        path = ""
    return tuple(part for part in path.split("/") if part not in ("", ".", ".."))


def _found(folder: Path, candidates: list[tuple[str, ...]], others: Container[Path] = ()) -> Path | None:
    """Return the first file that exists, with or without `.gz`, and is not one of the others."""
    for parts in filter(None, candidates):
        *folders, name = parts
        for spelling in (name, f"{name}.gz", name.removesuffix(".gz")):
            path = folder.joinpath(*folders, spelling)
            if path not in others and os.path.isfile(path):  # unlike Path.is_file(), it never raises
                return path
    return None


def _missing(entry: Json) -> NoReturn:
    name = (_candidates(entry) or [("",)])[0][-1]
    raise ValidationError(
        f"{MANIFEST} lists {printable_name(name) or 'a file without a valid url'}, which is not in the folder. Get the "
        "whole export again. If the file has another name, set that name as its `destination` in the manifest.",
        code="missing_file",
    )


def _name(folder: Path, path: Path) -> str:
    return printable_name(str(path.relative_to(folder)))
