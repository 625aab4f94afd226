"""Escape text and links for markdown, so that any text stays text in every dialect of markdown.

In CommonMark, a backslash escapes any punctuation. Older dialects escape less, so `<`, `>` and `&` become entities.
"""

import re
from urllib.parse import quote, urlsplit

# Everything that some renderer treats as a line break or a space. In HTML text, it is all one space.
_BLANKS = re.compile(r"[ \t\n\v\f\r\x1c-\x1f\x85\u2028\u2029]+")

_ENTITY = re.compile(r"&(?=#?\w{0,31}(?:;|\Z))")
_TAG = re.compile(r"<(?=[A-Za-z/!?]|\Z)")
_MARK = re.compile(r"[\\`*_{\[\]]|(?<!\s)~|~(?![0-9])")
_LINE_START = re.compile(r"^(?:([0-9]{1,9})(?=[.)](?:\s|$))|(?=[#=:|]|[-+](?:[-+\s|:]|$))|>)", re.MULTILINE)
_HEADING_END = re.compile(r"(?:^|(?<=\s))#+$")

_SAFE_LINK = re.compile(r"(?:https?|mailto|tel):", re.IGNORECASE)
_UNSEEN_IN_LINKS = re.compile(r"[\x00-\x20\x7f]+")  # browsers ignore them, so `java\nscript:` would run


def text(written: str) -> str:
    """Return text that starts no markup within a line, not even where two pieces of text are joined."""
    found = _BLANKS.sub(" ", written)
    found = _TAG.sub("&lt;", _ENTITY.sub("&amp;", found))
    return _MARK.sub(r"\\\g<0>", found)


def lines(escaped: str) -> str:
    """Return escaped text in which no line starts a heading, a list, a quotation, a rule or a table."""
    return _LINE_START.sub(lambda found: "&gt;" if found[0] == ">" else f"{found[1] or ''}\\", escaped)


def heading(escaped: str) -> str:
    """Return escaped text whose trailing `#` are not dropped as the end of a heading."""
    return _HEADING_END.sub(r"\\\g<0>", escaped)


def cell(escaped: str) -> str:
    """Return escaped text as one cell of a table."""
    return re.sub(r"[ \n]+", " ", escaped).replace("|", "\\|")


def link(url: str) -> str | None:
    """Return the destination of a link; None if its scheme is not a safe one."""
    found = _UNSEEN_IN_LINKS.sub("", url)
    if not _SAFE_LINK.match(found):
        return None
    try:
        urlsplit(found)
    except ValueError:
        return None
    return quote(found, safe="%/?#:@!$&+,;=~", errors="replace").replace("&", "&amp;")
