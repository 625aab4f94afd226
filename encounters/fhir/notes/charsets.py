"""Decode the bytes of a note, with the charset from its byte order mark, its media type or its HTML."""

import codecs
import re

from encounters.importing.codes import Code

# Python's text codecs that are not charsets.
PYTHONS_OWN = {"idna", "punycode", "raw-unicode-escape", "undefined", "unicode-escape"}

# The names that the WHATWG's Encoding standard maps to windows-1252, because that is what such bytes usually are.
LATIN = {"ascii", "iso8859-1"}
WINDOWS = "cp1252"

MARKS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
LOOKED_THROUGH = 1024  # HTML must declare its charset within these bytes

_PARAMETER = re.compile(r"""charset\s*=\s*["']?([^"';\s\x00]{1,40})""", re.IGNORECASE)
_META = re.compile(
    rb"""<meta\s[^<>]*?charset\s*=\s*["']?\s*([\w.:-]{1,40})|<\?xml\s[^<>]*?encoding\s*=\s*["']([\w.:-]{1,40})""",
    re.IGNORECASE,
)


def decoded(raw: bytes, content_type: str, warnings: list[Code], *, is_html: bool) -> str:
    """Return the text. Add a warning if it may differ from what was written."""
    charset, warning = _charset(raw, content_type, is_html)
    if warning:
        warnings.append(warning)
    try:
        return raw.decode(charset)
    except UnicodeDecodeError:
        warnings.append(Code.INVALID_CHARACTERS)
        return raw.decode(charset, "replace")


def _charset(raw: bytes, content_type: str, is_html: bool) -> tuple[str, Code | None]:
    """Return the codec to decode with; UTF-8 if none is given or known."""
    if marked := next((name for mark, name in MARKS if raw.startswith(mark)), None):
        return marked, None
    told = _PARAMETER.search(content_type)
    name = told[1] if told else _own(raw) if is_html else None
    try:
        found = codecs.lookup(name or "utf-8").name
    except LookupError:
        return "utf-8", Code.UNKNOWN_CHARSET
    if found in PYTHONS_OWN or not codecs.lookup(found)._is_text_encoding:
        return "utf-8", Code.UNKNOWN_CHARSET
    return _meant(found, raw), None


def _own(raw: bytes) -> str | None:
    """Return the charset that HTML declares. The declaration was readable as ASCII, so the text can't be UTF-16."""
    found = _META.search(raw, 0, LOOKED_THROUGH)
    name = (found[1] or found[2]).decode("ascii", "replace") if found else None
    return None if name is None or name.lower().startswith("utf-16") else name


def _meant(codec: str, raw: bytes) -> str:
    """Return the codec that is meant: text declared as Latin-1 is windows-1252, and as ASCII often UTF-8."""
    if codec not in LATIN:
        return codec
    return "utf-8" if codec == "ascii" and _is_utf_8(raw) else WINDOWS


def _is_utf_8(raw: bytes) -> bool:
    try:
        raw.decode()
    except UnicodeDecodeError:
        return False
    return True
