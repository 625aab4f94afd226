"""Text and links put into markdown so that text stays text, whatever it says, in every dialect of markdown.

CommonMark lets a backslash escape any punctuation; older dialects know fewer, so `<`, `>` and `&` become entities.
"""

import re
from urllib.parse import quote, urlsplit

# What some renderer takes for the end of a line or for a blank: in HTML's text all of it is one space.
_BLANKS = re.compile(r"[ \t\n\v\f\r\x1c-\x1f\x85\u2028\u2029]+")

_ENTITY = re.compile(r"&(?=#?\w{0,31}(?:;|\Z))")
_TAG = re.compile(r"<(?=[A-Za-z/!?]|\Z)")
_MARK = re.compile(r"[\\`*_{\[\]]|(?<!\s)~|~(?![0-9])")
_LINE_START = re.compile(r"^(?:([0-9]{1,9})(?=[.)](?:\s|$))|(?=[#=:|]|[-+](?:[-+\s|:]|$))|>)", re.MULTILINE)
_HEADING_END = re.compile(r"(?:^|(?<=\s))#+$")

_SAFE_LINK = re.compile(r"(?:https?|mailto|tel):", re.IGNORECASE)
_UNSEEN_IN_LINKS = re.compile(r"[\x00-\x20\x7f]+")  # a browser drops them, and so `java\nscript:` runs


def text(written: str) -> str:
    """Return text that opens nothing in the middle of a line; what is split in two opens nothing where it is joined."""
    found = _BLANKS.sub(" ", written)
    found = _TAG.sub("&lt;", _ENTITY.sub("&amp;", found))
    return _MARK.sub(r"\\\g<0>", found)


def lines(escaped: str) -> str:
    """Return escaped text none of whose lines opens a heading, a list, a quotation, a rule or a table."""
    return _LINE_START.sub(lambda found: "&gt;" if found[0] == ">" else f"{found[1] or ''}\\", escaped)


def heading(escaped: str) -> str:
    """Return escaped text whose last `#` are not dropped as the end of a heading."""
    return _HEADING_END.sub(r"\\\g<0>", escaped)


def cell(escaped: str) -> str:
    """Return escaped text as one cell of a table."""
    return re.sub(r"[ \n]+", " ", escaped).replace("|", "\\|")


def link(url: str) -> str | None:
    """Return the destination of a link; None where it has none of the schemes that only lead somewhere."""
    found = _UNSEEN_IN_LINKS.sub("", url)
    if not _SAFE_LINK.match(found):
        return None
    try:
        urlsplit(found)
    except ValueError:
        return None
    return quote(found, safe="%/?#:@!$&+,;=~", errors="replace").replace("&", "&amp;")
