"""Patient: the best name and the date of birth. No other identifying data is stored."""

from datetime import date

from encounters.fhir import dates
from encounters.fhir.mapping.resource import MappedResource
from encounters.importing.codes import Code
from encounters.importing.reading.elements import Json, member, objects, text, texts

# Best use first. None is a name without a use.
USES = ("official", "usual", None, "nickname", "temp", "anonymous", "old", "maiden")


def fill(body: Json, found: MappedResource, today: date) -> None:
    """Set the names and the date of birth, or nothing if the patient was deleted."""
    if found.withdrawn:
        return
    first_name, last_name = _names(body, found, today)
    day, doubt = dates.birth_date(body.get("birthDate"))
    found.warn(doubt)
    found.values = {
        "first_name": found.short(first_name),
        "last_name": found.short(last_name),
        "date_of_birth": day,
    }


def _names(body: Json, found: MappedResource, today: date) -> tuple[str | None, str | None]:
    names = [each for each in objects(body.get("name")) if any((*_parts(each), text(each.get("text"))))]
    if not names:
        found.warn(Code.NO_NAME)
        return None, None
    best = min(names, key=lambda each: (not _is_in_use(each, today), _rank(each)))
    if any(_parts(best)):
        found.warn(Code.UNEXPECTED_SHAPE, when=not _has_shape(best))
        return _parts(best)
    found.warn(Code.NAME_TEXT_ONLY)
    return None, text(best.get("text"))


def _parts(name: Json) -> tuple[str | None, str | None]:
    return _joined(name.get("given")), _joined(name.get("family"))


def _joined(part: object) -> str | None:
    """Return a part of a name, which can be one text or a list."""
    return text(part) or " ".join(texts(part)) or None


def _has_shape(name: Json) -> bool:
    """Return True for R4's single family name and list of given names. DSTU2 has lists, some servers only texts."""
    return isinstance(name.get("given"), list | None) and isinstance(name.get("family"), str | None)


def _is_in_use(name: Json, today: date) -> bool:
    """Return False if the period of a name has ended or has not begun, as far as its dates say."""
    start, end = (dates.told_day(member(name, "period", each)) for each in ("start", "end"))
    is_to_come = start is not None and start > today.isoformat()[: len(start)]
    has_ended = end is not None and end < today.isoformat()[: len(end)]
    return not (is_to_come or has_ended)


def _rank(name: Json) -> int:
    use = name.get("use")
    return USES.index(use) if use is None or (isinstance(use, str) and use in USES) else len(USES)
