"""Read a JSON document member by member, and a Bundle entry by entry, so that only one entry is in memory."""

import codecs
import json
import re
from collections.abc import Iterator
from typing import IO, Any

from encounters.importing.codes import Code
from encounters.importing.reading.lines import DECODER, LONGEST_LINE, NotJson

CHUNK = 64 * 1024
BLANKS = " \t\r\n"

# The characters that matter for finding the end of a value: inside a string, and outside of one.
_IN_STRING = re.compile(r'"|\\.', re.DOTALL)
_OUTSIDE = re.compile(r'["{}\[\]]')


def members(stream: IO[bytes]) -> Iterator[tuple[str | None, Any]]:
    """Yield the members of the document's object by name, and each entry of a Bundle with None as its name.

    A value that is too long or that is not accepted as JSON is skipped: a code is yielded instead. Raise ValueError if
    the document is not one JSON object.
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
        """Consume `mark`. Raise ValueError if something else comes next."""
        if not self.take(mark):
            raise ValueError(f"{mark} expected")

    def expect_end(self) -> None:
        """Raise ValueError if anything follows."""
        if self._next():
            raise ValueError("end expected")

    def name(self) -> str:
        """Consume the name of a member."""
        name = self.value()
        if not isinstance(name, str) or isinstance(name, Code):
            raise ValueError("a name expected")
        self.expect(":")
        return name

    def value(self) -> Any:
        """Consume one JSON value. Double what is read until the value is complete, so that the time is linear.

        Return a code if the value is skipped. Raise ValueError if its end can't be found.
        """
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
            except NotJson:
                raise
            except (ValueError, RecursionError):
                self._skip()
                return Code.INVALID_JSON
            if len(self._text) - self._start > LONGEST_LINE:
                return self._skip_long()
            self._read_on(max(CHUNK, len(self._text) - self._start))

    def _skip_long(self) -> Code:
        """Skip a value that is too long. If it is not, it was invalid JSON, and what follows can't be trusted."""
        if self._skip() <= LONGEST_LINE:
            raise ValueError("a value expected")
        return Code.LINE_TOO_LONG

    def _skip(self) -> int:
        """Consume an object, a list or a string by its brackets and quotes only. Return its length."""
        size, depth, in_string = 0, 0, False
        while True:
            found = (_IN_STRING if in_string else _OUTSIDE).search(self._text, self._start)
            # If nothing is found, consume everything except a last backslash, which belongs to the next character.
            end = found.end() if found else len(self._text) - self._text.endswith("\\", self._start)
            size, self._start = size + end - self._start, end
            if found is None:
                self._read_more()
            elif found[0] == '"':
                in_string = not in_string
            else:
                depth += {"{": 1, "[": 1, "}": -1, "]": -1}.get(found[0], 0)
            if found and not (depth or in_string):
                return size

    def _read_more(self) -> None:
        if self._ended:
            raise ValueError("the end of a value expected")
        self._read_on(CHUNK)

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
