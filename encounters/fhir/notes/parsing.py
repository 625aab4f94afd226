"""Parse HTML as the HTML standard says, except where its authors can't have meant that.

By the standard, a `<title>` that is never closed, or that is self-closing as in XHTML, contains the whole note, and
`<name@example.org>` is an element without text. Such text would be lost without a warning.
"""

import re

from justhtml import Document, DocumentFragment, JustHTML

VOID = "area|base|br|col|embed|hr|img|input|link|meta|param|source|track|wbr"

# Elements with fallback content for other browsers. Without these tags, the content is normal text.
_FALLBACK = re.compile(r"</?(?:embed|frame|frameset|iframe|noembed|noframes|noscript|object)\b[^<>]*>", re.IGNORECASE)
_CLOSES_ITSELF = re.compile(
    rf"""<(?!(?:{VOID})\b)([a-z][\w:-]*)((?:\s(?:[^<>]*["'\s])?)?)/>""", re.IGNORECASE | re.ASCII
)
_NO_TAG = re.compile(
    r"""<(?=[a-z])(?![a-z](?:[\w.-]|:(?=\w))*(?:[\s/][^<>]*|[\s/][^<>"']*(?:(?:"[^"]*"|'[^']*')[^<>"']*)*)?>)""",
    re.IGNORECASE | re.ASCII,
)
# For each name: the end tag, and an element without one, up to where its author must have meant it to end.
_UNCLOSED = tuple(
    (re.compile(rf"</{name}", re.IGNORECASE), name, re.compile(rf"<{name}\b[^<>]*>{inside}", re.IGNORECASE))
    for name, inside in (("title", "[^<]*"), ("style", "(?:[^<]|<(?!/))*"), ("script", "(?:[^<]|<(?!/))*"))
)
_SECTION, _SECTION_END = "<![CDATA[", "]]>"


def tree(html: str) -> Document | DocumentFragment:
    """Return the document's tree."""
    meant = _FALLBACK.sub("", _sections_as_text(html))
    meant = _CLOSES_ITSELF.sub(r"<\1\2></\1>", meant)
    for end, name, unclosed in _UNCLOSED:
        meant = _closed(meant, end, name, unclosed)
    return JustHTML(_NO_TAG.sub("&lt;", meant), sanitize=False, scripting_enabled=False).root


def _sections_as_text(html: str) -> str:
    """Replace the CDATA sections of XHTML by text: an HTML parser would drop them."""
    start, *sections = html.split(_SECTION)
    return start + "".join(_section_as_text(*each.partition(_SECTION_END)) for each in sections)


def _section_as_text(inside: str, end: str, rest: str) -> str:
    return (inside.replace("&", "&amp;").replace("<", "&lt;") if end else inside) + rest


def _closed(html: str, end: re.Pattern[str], name: str, unclosed: re.Pattern[str]) -> str:
    """Close elements that are opened after the last end tag of this name."""
    last = 0
    for found in end.finditer(html):
        last = found.end()
    return html[:last] + unclosed.sub(rf"\g<0></{name}>", html[last:])
