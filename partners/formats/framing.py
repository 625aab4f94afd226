"""Bytes that say one thing only: each field with its length in front, and null apart from an empty text.

Seals sign and hash these bytes for years, so this form never changes.
"""

from collections.abc import Iterable

NULL, TEXT = b"\x00", b"\x01"


def framed(fields: Iterable[str | None]) -> bytes:
    """Return each field as 0x01, the length of its UTF-8 in four bytes, and its UTF-8; null as 0x00."""
    parts = []
    for text in fields:
        if text is None:
            parts.append(NULL)
        else:
            encoded = text.encode("utf-8", "surrogatepass")
            parts += (TEXT, len(encoded).to_bytes(4), encoded)
    return b"".join(parts)
