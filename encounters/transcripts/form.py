"""The JSON format of one encounter with its documents: every member, its parser and its description.

A member can be missing or null unless it is required. Anything else that does not match the format is a fault. A fault
says where it is and what is expected there. It never contains the value that was found.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import date
from operator import itemgetter
from typing import Any

from django.db.models import TextChoices

from encounters.importing.reading import elements, ids
from encounters.importing.reading.limits import LONGEST_DURATION, LONGEST_TEXT, LONGEST_TITLE
from encounters.models import DocumentStatus, EncounterStatus, SchemaType
from partners.formats import grammar

LONGEST_VARIANT = 64


class LineFault(Exception):
    """What is wrong with a line: where, as a path of members, and what is expected there."""

    def __init__(self, at: str, expected: str) -> None:
        super().__init__(at, expected)
        self.at = at
        self.expected = expected


@dataclass(frozen=True, slots=True)
class Member:
    """One member of an object: a parser that returns None for an invalid value, and a description of valid ones."""

    parse: Callable[[Any], Any]
    expected: str
    required: bool = False


@dataclass(frozen=True, slots=True)
class Described:
    """A patient, an encounter or a document as given. With only an id, it refers to one that is already known."""

    id: str
    values: dict[str, Any] = field(default_factory=dict)
    is_reference: bool = False


@dataclass(frozen=True, slots=True)
class Visit:
    """One line: an encounter, its patient, and its documents."""

    encounter: Described
    patient: Described | None
    documents: list[Described]


def visit(value: object) -> Visit:
    """Return the content of one line. Raise Fault for the first thing that does not match the format."""
    parts = _members(value, "", LINE)
    documents = [_document(each, f"documents[{n}]") for n, each in enumerate(parts["documents"] or [])]
    patient = None if parts["patient"] is None else _described(parts["patient"], "patient", PATIENT)
    return Visit(_described(parts["encounter"], "encounter", ENCOUNTER), patient, documents)


def _described(value: dict[str, Any], at: str, shape: dict[str, Member]) -> Described:
    values = _members(value, at, shape)
    return Described(values.pop("id"), values, is_reference=value.keys() == {"id"})


def _document(value: object, at: str) -> Described:
    if not isinstance(value, dict):
        raise LineFault(at, OBJECT.expected)
    schema_type = _member(value.get("schema_type"), f"{at}.schema_type", DOCUMENT["schema_type"])
    document = _described(value, at, NOTE if schema_type == SchemaType.DOCUMENT else TRANSCRIPT)
    if document.values.get("turns") is not None:
        turns = [_turn(each, f"{at}.turns[{n}]") for n, each in enumerate(document.values["turns"])]
        document.values["turns"] = sorted(turns, key=itemgetter("start"))
    return document


def _turn(value: object, at: str) -> dict[str, Any]:
    turn = _members(value, at, TURN)
    if turn["end"] < turn["start"]:
        raise LineFault(f"{at}.end", "seconds from the start of the recording, not before `start`")
    return turn


def _members(value: object, at: str, shape: dict[str, Member]) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise LineFault(at, "an object")
    if value.keys() - shape.keys():
        raise LineFault(at, f"only these members: {', '.join(shape)}")
    return {name: _member(value.get(name), f"{at}.{name}".strip("."), member) for name, member in shape.items()}


def _member(value: Any, at: str, member: Member) -> Any:
    if value is None and not member.required:
        return None
    found = None if value is None else member.parse(value)
    if found is None:
        raise LineFault(at, member.expected)
    return found


def _words(longest: int) -> Callable[[Any], str | None]:
    """Return a parser of a text that is not blank. It strips the text."""

    def parse(value: Any) -> str | None:
        found = elements.text(value)
        return found if found is not None and len(found) <= longest else None

    return parse


def _text(value: Any) -> str | None:
    """Return a text unchanged except for NUL, which PostgreSQL can't store."""
    found = value.replace("\x00", "") if isinstance(value, str) else None
    return found if found is not None and len(found.encode()) <= LONGEST_TEXT else None


def _seconds(value: Any) -> float | None:
    """Return seconds as a float; compare before converting, because an integer may be too large for a float."""
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return float(value) if is_number and 0 <= value <= LONGEST_DURATION else None


def _day(value: Any) -> date | None:
    try:
        found = date.fromisoformat(value)
    except (TypeError, ValueError):
        return None
    return found if found.isoformat() == value else None


def _one_of(choices: type[TextChoices]) -> Member:
    words = grammar.word(*choices.values)
    return Member(lambda value: words(value) if isinstance(value, str) else None, f"one of {', '.join(choices.values)}")


ID = Member(
    lambda value: value if ids.is_id(value) else None,
    "the source's id: 1 to 64 letters, digits, '-' and '.'",
    required=True,
)
NAME = Member(_words(LONGEST_TITLE), f"a text of 1 to {LONGEST_TITLE} characters")
VARIANT = Member(_words(LONGEST_VARIANT), f"a text of 1 to {LONGEST_VARIANT} characters")
TEXT = Member(_text, f"a text of at most {LONGEST_TEXT} bytes")
DAY = Member(_day, "a date, such as 1970-01-31")
INSTANT = Member(
    lambda value: grammar.instant(value) if isinstance(value, str) else None,
    "a date and time with a time zone, such as 2026-05-25T14:00:00Z",
)
SECONDS = Member(_seconds, "seconds from the start of the recording, 0 or more")
FLAG = Member(lambda value: value if isinstance(value, bool) else None, "true or false")
OBJECT = Member(lambda value: value if isinstance(value, dict) else None, "an object")
LIST = Member(lambda value: value if isinstance(value, list) else None, "a list")

VERSION = {"updated_at": INSTANT, "withdrawn": FLAG}
LINE = {"encounter": replace(OBJECT, required=True), "patient": OBJECT, "documents": LIST}
PATIENT = {"id": ID, "first_name": NAME, "last_name": NAME, "date_of_birth": DAY} | VERSION
ENCOUNTER = {"id": ID, "status": _one_of(EncounterStatus), "date_of_service": INSTANT} | VERSION
DOCUMENT = {
    "id": ID,
    "schema_type": replace(_one_of(SchemaType), required=True),
    "title": NAME,
    "status": _one_of(DocumentStatus),
    "workflow_variant": VARIANT,
    "created_at": INSTANT,
}
NOTE = DOCUMENT | {"content": TEXT} | VERSION
TRANSCRIPT = DOCUMENT | {"provider": NAME, "audio_duration_seconds": SECONDS, "audio": NAME, "turns": LIST} | VERSION
TURN = {
    "speaker": replace(NAME, required=True),
    "start": replace(SECONDS, required=True),
    "end": replace(SECONDS, required=True),
    "text": replace(TEXT, required=True),
}
