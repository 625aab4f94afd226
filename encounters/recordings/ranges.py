"""Parse the single range of bytes that a request asks for (RFC 9110, section 14)."""

import re
from dataclasses import dataclass

_ONE_RANGE = re.compile(
    r"bytes=(?:(?P<first>[0-9]{1,18})-(?P<last>[0-9]{0,18})|-(?P<suffix>[0-9]{1,18}))", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class ByteRange:
    """The bytes from `first` up to, but not including, `end`."""

    first: int
    end: int

    @property
    def length(self) -> int:
        """Return the number of bytes; 0 if the range is outside of the file."""
        return max(self.end - self.first, 0)


def asked_range(header: str, size: int) -> ByteRange | None:
    """Return the part of a file of `size` bytes that a `Range` header asks for.

    Return None if the header is not a single range of bytes: it is then ignored, as section 14.2 allows.
    """
    found = _ONE_RANGE.fullmatch(header.strip())
    if found is None:
        return None
    if found["suffix"]:
        return ByteRange(max(size - int(found["suffix"]), 0), size)
    first, last = int(found["first"]), int(found["last"] or size)
    return None if found["last"] and last < first else ByteRange(first, min(last + 1, size))
