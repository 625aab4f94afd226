"""What a FHIR reference says, in the forms that exports use. What it points to is for the run's index to find."""

import re
from dataclasses import dataclass
from urllib.parse import unquote

from encounters.fhir.elements import member, text

ID = r"[A-Za-z0-9\-.]{1,64}"
_ID = re.compile(ID)
_LITERAL = re.compile(rf"(?:.*/)?([A-Z][A-Za-z]{{0,63}})/({ID})(?:/_history/{ID})?", re.DOTALL)
_CONDITIONAL = re.compile(r"(?:[^?]*/)?([A-Z][A-Za-z]{0,63})\?identifier=([^&]+)")
_UUID_URN = "urn:uuid:"


@dataclass(frozen=True, slots=True)
class Reference:
    """A reference's text and what it names: a type and an id, an id alone (a URN), or an identifier `system|value`."""

    text: str
    type: str | None = None
    id: str | None = None
    identifier: str | None = None


def is_id(value: object) -> bool:
    """Tell whether this is a FHIR id."""
    return isinstance(value, str) and _ID.fullmatch(value) is not None


def parse(element: object) -> Reference | None:
    """Return what a Reference element says; None if it holds no reference but, say, a display or an identifier."""
    written = text(member(element, "reference"))
    return None if written is None else parse_text(written)


def parse_text(written: str) -> Reference:
    """Return what a reference's text says; without an id and an identifier if it can name nothing of ours."""
    if written.startswith(_UUID_URN):
        name = written.removeprefix(_UUID_URN)
        return Reference(written, id=name if is_id(name) else None)
    if found := _LITERAL.fullmatch(written):
        return Reference(written, type=found[1], id=found[2])
    if found := _CONDITIONAL.fullmatch(written):
        return Reference(written, type=found[1], identifier=_identifier(unquote(found[2])))
    return Reference(written)


def _identifier(token: str) -> str | None:
    system, _, value = token.partition("|")
    return token if system and value else None
