"""How the head of a plain request is read: in one step.

gunicorn's parser takes a head line by line, for everything that HTTP allows. Nearly every call has a plain head, for
which one regular expression is enough. gunicorn's parser reads all others, and says what is wrong with them.
"""

import re
from typing import NamedTuple

# A target without a host or a fragment, names without `_`, and values without control characters.
_HEADER = rb"[!#$%&'*+\-.^`|~0-9A-Za-z]+:[\t -~\x80-\xff]*"
_PLAIN = re.compile(rb"(GET|HEAD) (/(?!/)[!\"$-~]*) HTTP/1\.1\r\n(%b(?:\r\n%b)*)\r\n\r\n" % (_HEADER, _HEADER))
# Headers that announce a body or ask for an answer of the server, and headers that may come only once.
_NOT_PLAIN = frozenset({"CONTENT-LENGTH", "TRANSFER-ENCODING", "EXPECT"})
_SINGLE = ("HOST", "CONTENT-TYPE")


class Head(NamedTuple):
    """The head of a plain request, as gunicorn's parser reads it, and its length in bytes."""

    method: str
    target: str
    headers: list[tuple[str, str]]
    length: int


def plain(data: bytes, longest: int, most_headers: int) -> Head | None:
    """Return the head at the beginning of the data. Return None if it isn't plain, too long or incomplete."""
    match = _PLAIN.match(data, 0, longest)
    if match is None:
        return None
    method, target, lines = (str(part, "latin-1") for part in match.groups())
    headers = []
    for line in lines.split("\r\n"):
        name, _, value = line.partition(":")
        headers.append((name.upper(), value.strip(" \t")))
    names = [name for name, _ in headers]
    if len(names) > most_headers or not _NOT_PLAIN.isdisjoint(names) or any(names.count(each) > 1 for each in _SINGLE):
        return None
    return Head(method, target, headers, match.end())
