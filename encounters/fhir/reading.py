"""Read a file line by line or entry by entry, and report if its end was not reached."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

from encounters.fhir import bundles
from encounters.fhir.items import BUNDLE, Contents, Item, ItemFault
from encounters.importing.codes import Code
from encounters.importing.reading import lines
from encounters.importing.reading.files import SourceFile
from encounters.importing.report import FilePlace


def read(file: SourceFile, progress: lines.Progress) -> Iterator[Item | ItemFault]:
    """Yield the contents of the file. If it can't be read to its end, that is the last fault."""
    contents, place = Contents(file), FilePlace(file.name, 1)
    try:
        is_one_document = file.is_one_document and not _holds_lines(file.path)
        with lines.opened(file.path, progress) as stream:
            for thing in _document(contents, stream) if is_one_document else _lines(contents, stream):
                place = thing.place
                yield thing
    except lines.FAULTS:
        yield contents.fault(place, Code.UNREADABLE_FILE, is_last=True)


def _holds_lines(path: Path) -> bool:
    """Return True if a file named as one JSON document has a complete object in its first line, and more after it."""
    with lines.opened(path, lambda size: None) as stream:
        first = stream.readline(lines.LONGEST_LINE)
        return first.endswith(b"\n") and bool(stream.read(64).strip()) and isinstance(lines.parsed(first), dict)


def _lines(contents: Contents, stream: IO[bytes]) -> Iterator[Item | ItemFault]:
    for number, line in lines.numbered(stream):
        place = FilePlace(contents.file.name, number)
        body = line if isinstance(line, Code) else lines.parsed(line)
        if isinstance(body, Code):
            yield contents.fault(place, body, is_last=lines.is_cut(line))
        else:
            yield from contents.line(place, body, len(line))


def _document(contents: Contents, stream: IO[bytes]) -> Iterator[Item | ItemFault]:
    name, number, rest = contents.file.name, 0, dict[str | None, Any]()
    try:
        for member, value in bundles.members(stream):
            if member is None:
                number += 1
                yield from _entry(contents, FilePlace(name, number), value)
            else:
                rest[member] = Code.INVALID_JSON if member in rest else value
    except (ValueError, RecursionError):
        yield contents.fault(FilePlace(name, number + 1), Code.INVALID_JSON, is_last=True)
        return
    if number or rest.get("resourceType") == BUNDLE:
        yield from contents.more_pages(FilePlace(name, max(number, 1)), rest.get("link"))
    else:
        codes = (each for each in rest.values() if isinstance(each, Code))
        yield from _entry(contents, FilePlace(name, 1), next(codes, {"resource": rest}))


def _entry(contents: Contents, place: FilePlace, entry: Any) -> Iterator[Item | ItemFault]:
    """Yield the items of an entry, with its size. Refuse lone surrogates, which the parser of documents accepts."""
    if isinstance(entry, Code):
        yield contents.fault(place, entry)
        return
    try:
        weight = len(json.dumps(entry, ensure_ascii=False).encode())
    except (ValueError, RecursionError):
        yield contents.fault(place, Code.INVALID_JSON)
    else:
        yield from contents.entry(place, entry, weight, contents.file.name)
