"""One JSON document read member by member, the entries of a Bundle one by one: memory holds a single entry."""

import codecs
import json
from collections.abc import Iterator
from typing import IO, Any

from encounters.fhir.lines import DECODER, LONGEST_LINE

CHUNK = 64 * 1024
BLANKS = " \t\r\n"


def members(stream: IO[bytes]) -> Iterator[tuple[str | None, Any]]:
    """Yield the members of the document's object by name, and the entries of a Bundle one by one under None.

    Raises ValueError for what is not one JSON object, or has a value longer than a line may be, and RecursionError.
    """
    text = _Text(stream)
    text.expect("{")
    if not text.take("}"):
        yield from _members(text)
        text.expect("}")
    text.expect_end()


def _members(text: "_Text") -> Iterator[tuple[str | None, Any]]:
    is_bundle, more = True, True
    while more:
        name = text.name()
        if name == "entry" and is_bundle and text.take("["):
            yield from ((None, entry) for entry in _elements(text))
        else:
            value = text.value()
            is_bundle = is_bundle and (name != "resourceType" or value == "Bundle")
            yield name, value
        more = text.take(",")


def _elements(text: "_Text") -> Iterator[Any]:
    if text.take("]"):
        return
    yield text.value()
    while text.take(","):
        yield text.value()
    text.expect("]")


class _Text:
    """The text of a stream, consumed from the front."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream
        self._decoder = codecs.getincrementaldecoder("utf-8-sig")()
        self._text = ""
        self._start = 0
        self._ended = False

    def take(self, mark: str) -> bool:
        """Consume `mark` if it comes next."""
        if self._next() != mark:
            return False
        self._start += 1
        return True

    def expect(self, mark: str) -> None:
        """Consume `mark`; ValueError if something else comes."""
        if not self.take(mark):
            raise ValueError(f"{mark} expected")

    def expect_end(self) -> None:
        """Raise ValueError if anything comes."""
        if self._next():
            raise ValueError("end expected")

    def name(self) -> str:
        """Consume the name of a member."""
        name = self.value()
        if not isinstance(name, str):
            raise ValueError("a name expected")
        self.expect(":")
        return name

    def value(self) -> Any:
        """Consume one JSON value, reading on for as long as it is incomplete, by doubling: in linear time."""
        self._next()
        while True:
            try:
                found, end = DECODER.raw_decode(self._text, self._start)
                if end < len(self._text) or self._ended:
                    self._start = end
                    return found
            except json.JSONDecodeError:
                if self._ended:
                    raise
            if len(self._text) - self._start > LONGEST_LINE:
                raise ValueError("value too long")
            self._read_on(max(CHUNK, len(self._text) - self._start))

    def _next(self) -> str:
        """Return the next character that is not blank; empty at the end."""
        while True:
            while self._start < len(self._text) and self._text[self._start] in BLANKS:
                self._start += 1
            if self._start < len(self._text) or self._ended:
                return self._text[self._start : self._start + 1]
            self._read_on(CHUNK)

    def _read_on(self, size: int) -> None:
        read = self._stream.read(size)
        self._ended = not read
        self._text = self._text[self._start :] + self._decoder.decode(read, final=self._ended)
        self._start = 0
