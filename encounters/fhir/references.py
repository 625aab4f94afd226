"""Parse FHIR references in the forms that exports use. The index of the run resolves them."""

import hashlib
import re
from typing import NamedTuple
from urllib.parse import unquote

from encounters.importing.reading.elements import member, text
from encounters.importing.reading.ids import ID, is_id

_LITERAL = re.compile(rf"(?:(.*)/)?([A-Z][A-Za-z]{{0,63}})/({ID})(?:/_history/{ID})?", re.DOTALL)
_CONDITIONAL = re.compile(r"(?:[^?]*/)?([A-Z][A-Za-z]{0,63})\?identifier=([^&]+)")
_BASE = re.compile(r"https?://(?:[^/@]*@)?([^/]*)(.*)", re.DOTALL | re.IGNORECASE)
_UUID_URN = "urn:uuid:"


class Reference(NamedTuple):
    """The text of a reference, and what it names: a type and an id, an id (of a URN), or an identifier `system|value`.

    `server` is the server from the base URL of an absolute reference.
    """

    text: str
    type: str | None = None
    id: str | None = None
    identifier: str | None = None
    server: str | None = None

    def entry(self, server: str | None) -> str:
        """Return the name of the referenced entry in its Bundle: the fullUrl, without a version.

        `server` is the server of the entry with this reference. Relative references are relative to it (R4,
        bundle.html#references).
        """
        if self.type and self.id:
            return f"{self.server or server or ''}/{self.type}/{self.id}"
        return self.text.lower() if self.type is None and self.id else self.text


def parse(element: object) -> Reference | None:
    """Return the reference in a Reference element; None if it has only other members, such as a display."""
    written = text(member(element, "reference"))
    return None if written is None else parse_text(written)


def parse_text(written: str) -> Reference:
    """Return the reference in a text. It has neither id nor identifier if it can't name anything we import."""
    if written[: len(_UUID_URN)].lower() == _UUID_URN:
        name = written[len(_UUID_URN) :]
        return Reference(written, id=name if is_id(name) else None)
    if found := _LITERAL.fullmatch(written):
        return Reference(written, type=found[2], id=found[3], server=_server(found[1] or ""))
    if found := _CONDITIONAL.fullmatch(written):
        return Reference(written, type=found[1], identifier=_identifier(unquote(found[2])))
    return Reference(written)


def _server(base: str) -> str | None:
    """Return a short name for the server at a base URL; None if it is not a URL. http and https are the same server."""
    found = _BASE.fullmatch(base)
    if found is None:
        return None
    return hashlib.blake2b(f"{found[1].lower()}{found[2].rstrip('/')}".encode(), digest_size=16).hexdigest()


def _identifier(token: str) -> str | None:
    system, _, value = token.partition("|")
    return token if system and value else None
