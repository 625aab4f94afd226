"""Read the text of a document's attachments: decode it and convert it to markdown. Nothing is fetched from a URL."""

import base64
import binascii
import re

from encounters.fhir import notes
from encounters.fhir.notes import charsets
from encounters.importing.codes import Code
from encounters.importing.reading.elements import Json, text
from encounters.importing.reading.limits import LONGEST_TEXT

MOST_TAGS = 50_000  # a larger tree would take seconds, and more memory than the rest of the run

# Best format first.
READABLE = ("text/markdown", "text/x-markdown", "text/plain", "text/html", "application/xhtml+xml")
HTML = READABLE[3:]

Typed = tuple[str, Json]  # an attachment with its media type

_SURROGATE = re.compile("[\ud800-\udfff]")


class Unread(Exception):
    """An attachment has no readable text; `code` says why."""

    def __init__(self, code: Code) -> None:
        super().__init__(code)
        self.code = code


def media_type(attachment: Json) -> str:
    """Return the media type without parameters, in lower case; empty if there is none."""
    return (text(attachment.get("contentType")) or "").partition(";")[0].rstrip().lower()


def is_audio(attachment: Json) -> bool:
    """Return True if the attachment is a recording."""
    return media_type(attachment).startswith("audio/")


def read(attachments: list[Json]) -> tuple[str | None, list[Code]]:
    """Return the text of the best readable attachment, and warnings about the attachments that were tried."""
    warnings: list[Code] = []
    blank: str | None = None
    typed = [(media_type(each), each) for each in attachments]
    for kind, attachment in _best_first(typed):
        try:
            found = _text(attachment, warnings, is_html=kind in HTML)
        except Unread as unread:
            warnings.append(unread.code)
        else:
            if found.strip():
                return found, warnings
            warnings.append(Code.BLANK_CONTENT)
            blank = found
    return blank, warnings or _nothing_to_read(typed)


def _best_first(typed: list[Typed]) -> list[Typed]:
    readable = [(kind, each) for kind, each in typed if kind in READABLE and text(each.get("data"))]
    return sorted(readable, key=lambda pair: READABLE.index(pair[0]))


def _nothing_to_read(typed: list[Typed]) -> list[Code]:
    if any(is_audio(each) for _, each in typed):
        return []
    if any(each.get("data") and kind not in READABLE for kind, each in typed):
        return [Code.UNSUPPORTED_CONTENT_TYPE]
    return [Code.CONTENT_BY_URL if any(each.get("url") for _, each in typed) else Code.NO_CONTENT]


def _text(attachment: Json, warnings: list[Code], *, is_html: bool) -> str:
    decoded = charsets.decoded(_bytes(attachment["data"]), attachment["contentType"], warnings, is_html=is_html)
    if is_html:
        decoded = _markdown(decoded.removeprefix("\ufeff"))
    cleaned = _storable(decoded.removeprefix("\ufeff"))
    if len(cleaned.encode()) > LONGEST_TEXT:
        raise Unread(Code.CONTENT_TOO_LONG)
    return cleaned


def _storable(decoded: str) -> str:
    """Return the text without what the database can't store: NUL is left out, and each surrogate replaced."""
    cleaned = decoded.replace("\x00", "")
    try:
        cleaned.encode()
    except UnicodeEncodeError:
        return _SURROGATE.sub("\ufffd", cleaned)
    return cleaned


def _bytes(data: str) -> bytes:
    encoded = "".join(data.split())
    if len(encoded) // 4 * 3 > LONGEST_TEXT + 2:
        raise Unread(Code.CONTENT_TOO_LONG)
    try:
        return base64.b64decode(encoded.encode("ascii"), validate=True)
    except (UnicodeEncodeError, binascii.Error):
        raise Unread(Code.INVALID_BASE64) from None


def _markdown(html: str) -> str:
    if html.count("<") > MOST_TAGS:
        raise Unread(Code.CONTENT_TOO_LONG)
    try:
        return notes.from_html(html)
    except Exception:  # on bad HTML, the parser may raise any exception
        raise Unread(Code.INVALID_HTML) from None
