"""Read the text of a document's attachments: decode it and convert it to markdown. Nothing is fetched from a URL."""

import base64
import binascii
import re
from collections.abc import Iterable, Iterator

from encounters.fhir import notes
from encounters.fhir.notes import charsets
from encounters.importing.codes import Code
from encounters.importing.reading.elements import Json, text
from encounters.importing.reading.limits import LONGEST_TEXT

MOST_TAGS = 50_000  # a larger tree would take seconds, and more memory than the rest of the run

# Best format first.
READABLE = ("text/markdown", "text/x-markdown", "text/plain", "text/html", "application/xhtml+xml")
HTML = READABLE[3:]

_BLANKS = re.compile(r"\s+")
_SURROGATE = re.compile("[\ud800-\udfff]")


class Unread(Exception):
    """An attachment has no readable text; `code` says why."""

    def __init__(self, code: Code) -> None:
        super().__init__(code)
        self.code = code


def media_type(attachment: Json) -> str:
    """Return the media type without parameters, in lower case; empty if there is none."""
    return (text(attachment.get("contentType")) or "").split(";")[0].strip().lower()


def is_audio(attachment: Json) -> bool:
    """Return True if the attachment is a recording."""
    return media_type(attachment).startswith("audio/")


def read(attachments: list[Json]) -> tuple[str | None, list[Code]]:
    """Return the text of the best readable attachment, and warnings about the attachments that were tried."""
    warnings: list[Code] = []
    blank: str | None = None
    for attachment in _best_first(attachments):
        try:
            found = _text(attachment, warnings)
        except Unread as unread:
            warnings.append(unread.code)
        else:
            if found.strip():
                return found, warnings
            warnings.append(Code.BLANK_CONTENT)
            blank = found
    return blank, warnings or _nothing_to_read(attachments)


def _best_first(attachments: Iterable[Json]) -> Iterator[Json]:
    readable = [each for each in attachments if media_type(each) in READABLE and text(each.get("data"))]
    yield from sorted(readable, key=lambda each: READABLE.index(media_type(each)))


def _nothing_to_read(attachments: list[Json]) -> list[Code]:
    if any(map(is_audio, attachments)):
        return []
    if any(each.get("data") and media_type(each) not in READABLE for each in attachments):
        return [Code.UNSUPPORTED_CONTENT_TYPE]
    return [Code.CONTENT_BY_URL if any(each.get("url") for each in attachments) else Code.NO_CONTENT]


def _text(attachment: Json, warnings: list[Code]) -> str:
    is_html = media_type(attachment) in HTML
    decoded = charsets.decoded(_bytes(attachment["data"]), attachment["contentType"], warnings, is_html=is_html)
    if is_html:
        decoded = _markdown(decoded.removeprefix("\ufeff"))
    cleaned = _SURROGATE.sub("\ufffd", decoded.removeprefix("\ufeff").replace("\x00", ""))
    if len(cleaned.encode()) > LONGEST_TEXT:
        raise Unread(Code.CONTENT_TOO_LONG)
    return cleaned


def _bytes(data: str) -> bytes:
    encoded = _BLANKS.sub("", data)
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
