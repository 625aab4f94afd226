"""The text of a document's attachments: decoded, converted to markdown, and never fetched from a URL."""

import base64
import binascii
import codecs
import re
import warnings as python_warnings
from collections.abc import Iterable, Iterator
from urllib.parse import urlsplit

from bs4 import BeautifulSoup
from markdownify import MarkdownConverter

from encounters.fhir.codes import Code
from encounters.fhir.elements import Json, text

LONGEST_TEXT = 1024 * 1024
MOST_TAGS = 50_000  # a tree of more would cost more memory than the whole rest of a run, and seconds
SAFE_SCHEMES = {"", "http", "https", "mailto", "tel"}
UNSEEN = ["script", "style", "head", "template", "noscript", "iframe", "object", "embed", "svg", "img"]

# The better format first.
READABLE = ("text/markdown", "text/x-markdown", "text/plain", "text/html", "application/xhtml+xml")
HTML = READABLE[3:]

# Codecs that are no charset of anyone's text.
PYTHONS_OWN = {"idna", "punycode", "raw-unicode-escape", "undefined", "unicode-escape"}

_BLANKS = re.compile(r"\s+")
_CHARSET = re.compile(r"""charset\s*=\s*["']?([^"';\s\x00]{1,40})""", re.IGNORECASE)
_SECTION = re.compile(r"<!\[[^<>]*>")
_NO_TAG = re.compile(r"<(?![A-Za-z/!?][^<>]*>)")
_SURROGATE = re.compile("[\ud800-\udfff]")


class Unread(Exception):
    """Why an attachment gives no text."""

    def __init__(self, code: Code) -> None:
        super().__init__(code)
        self.code = code


def media_type(attachment: Json) -> str:
    """Return the type without its parameters, in lower case; empty if none is told."""
    return (text(attachment.get("contentType")) or "").split(";")[0].strip().lower()


def is_audio(attachment: Json) -> bool:
    """Tell whether this is a recording."""
    return media_type(attachment).startswith("audio/")


def read(attachments: list[Json]) -> tuple[str | None, list[Code]]:
    """Return the text of the best attachment that can be read, and what was wrong on the way."""
    warnings: list[Code] = []
    for attachment in _best_first(attachments):
        try:
            return _text(attachment, warnings), warnings
        except Unread as unread:
            warnings.append(unread.code)
    return None, warnings or _nothing_to_read(attachments)


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
    decoded = _decoded(_bytes(attachment["data"]), attachment["contentType"], warnings)
    if media_type(attachment) in HTML:
        decoded = _markdown(decoded)
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


def _decoded(raw: bytes, content_type: str, warnings: list[Code]) -> str:
    found = _CHARSET.search(content_type)
    charset = found[1] if found else "utf-8"
    try:
        if codecs.lookup(charset).name in PYTHONS_OWN:
            raise LookupError(charset)
        return raw.decode(charset)
    except UnicodeDecodeError:
        warnings.append(Code.INVALID_CHARACTERS)
        return raw.decode(charset, "replace")
    except LookupError:
        warnings.append(Code.UNKNOWN_CHARSET)
        return raw.decode("utf-8", "replace")


def _markdown(html: str) -> str:
    if html.count("<") > MOST_TAGS:
        raise Unread(Code.CONTENT_TOO_LONG)
    try:
        with python_warnings.catch_warnings():
            python_warnings.simplefilter("ignore")  # what looks like XML or a URL is read as HTML all the same
            return _converted(BeautifulSoup(_disarmed(html), "html.parser"))
    except Exception:  # the parsers raise what they like on what people call HTML
        raise Unread(Code.INVALID_HTML) from None


def _disarmed(html: str) -> str:
    """Drop comments and sections and escape a `<` that opens no whole tag: they cost the parser time by the square."""
    start, *commented = html.split("<!--")
    seen = start + "".join(part.partition("-->")[2] for part in commented)
    return _NO_TAG.sub("&lt;", _SECTION.sub("", seen))


def _converted(page: BeautifulSoup) -> str:
    for unseen in page(UNSEEN):
        unseen.decompose()
    for link in page("a", href=True):
        if not _is_safe(str(link["href"])):
            del link["href"]
    return str(MarkdownConverter(heading_style="atx").convert_soup(page)).strip()


def _is_safe(url: str) -> bool:
    try:
        return urlsplit(url.strip()).scheme.lower() in SAFE_SCHEMES
    except ValueError:
        return False
