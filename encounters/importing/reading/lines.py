"""Read the lines of an NDJSON file, plain or gzipped, and parse their JSON more strictly than Python does."""

import codecs
import gzip
import io
import json
import re
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any

import orjson

from encounters.importing.codes import Code

LONGEST_LINE = 16 * 1024 * 1024
GZIP_MAGIC = b"\x1f\x8b"
FAULTS = (EOFError, gzip.BadGzipFile, zlib.error, OSError)

_ESCAPED_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")

Progress = Callable[[int], object]


class _Watched(io.FileIO):
    """A file that reports how many of its bytes were read."""

    def __init__(self, path: Path, progress: Progress) -> None:
        super().__init__(path)
        self._progress = progress

    def readinto(self, buffer: Any, /) -> int:
        """Read bytes and report their number."""
        size = super().readinto(buffer) or 0
        self._progress(size)
        return size


@contextmanager
def opened(path: Path, progress: Progress) -> Iterator[IO[bytes]]:
    """Open a file for reading, and decompress it if its first bytes (not its name) show that it is gzipped."""
    with io.BufferedReader(_Watched(path, progress), 64 * 1024) as plain:
        if plain.peek(2)[:2] == GZIP_MAGIC:
            yield io.BufferedReader(gzip.GzipFile(fileobj=plain), 64 * 1024)
        else:
            yield plain


def is_cut(line: bytes | Code) -> bool:
    r"""Return True if a line does not end in `\n`: it is the last line, and it may be incomplete."""
    return isinstance(line, bytes) and not line.endswith(b"\n")


def numbered(stream: IO[bytes]) -> Iterator[tuple[int, bytes | Code]]:
    r"""Yield every line that is not blank with its number from 1, split at `\n` only; a code if it is too long."""
    number = 0
    while line := stream.readline(LONGEST_LINE + 1):
        number += 1
        if len(line) > LONGEST_LINE and not line.endswith(b"\n"):
            _skip_to_next(stream)
            yield number, Code.LINE_TOO_LONG
        elif line.removeprefix(codecs.BOM_UTF8).strip():
            yield number, line


def parsed(line: bytes) -> Any | Code:
    """Return the JSON of a line. NaN, duplicate names, lone surrogates and extreme nesting are `INVALID_JSON`, too.

    An integer beyond 64 bits becomes a float.
    """
    with suppress(orjson.JSONDecodeError, orjson.JSONEncodeError):
        found = orjson.loads(line)
        if _strings(orjson.dumps(found)) == _strings(line):
            return found
    return _checked(line)


def _strings(text: bytes) -> int:
    """Return how many quotes begin or end a string. orjson keeps only the last of duplicate names, and so has fewer."""
    if b"\\" in text:
        text = text.replace(rb"\\", b"").replace(rb"\"", b"")
    return text.count(b'"')


def _checked(line: bytes) -> Any | Code:
    """Return the JSON of a line that orjson refuses, or whose names may be duplicate."""
    try:
        text = line.decode("utf-8").removeprefix("\ufeff")
        found = DECODER.decode(text)
        if _ESCAPED_SURROGATE.search(text):  # rare, and only encoding the whole shows if it is half of a pair
            json.dumps(found, ensure_ascii=False).encode("utf-8")
    except (ValueError, RecursionError):
        return Code.INVALID_JSON
    return found


class NotJson(ValueError):
    """The text is not JSON, although Python would parse it."""


def refuse_constant(name: str) -> None:
    """Refuse NaN, Infinity and -Infinity."""
    raise NotJson(name)


def unique(members: list[tuple[str, Any]]) -> dict[str, Any]:
    """Return the members of an object. Raise ValueError for a duplicate name: we can't know which value is right."""
    found = dict(members)
    if len(found) < len(members):
        raise ValueError("duplicate name")
    return found


DECODER = json.JSONDecoder(parse_constant=refuse_constant, object_pairs_hook=unique)


def _skip_to_next(stream: IO[bytes]) -> None:
    while (rest := stream.readline(64 * 1024)) and not rest.endswith(b"\n"):
        pass
