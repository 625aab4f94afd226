"""Patient: the best of its names and its date of birth, and nothing else that tells who it is."""

from datetime import date

from encounters.fhir import dates
from encounters.fhir.codes import Code
from encounters.fhir.elements import Json, member, objects, text, texts
from encounters.fhir.mapping.mapped import Mapped

# The better use first; None is a name that tells no use.
USES = ("official", "usual", None, "nickname", "temp", "anonymous", "old", "maiden")


def fill(body: Json, found: Mapped, today: date) -> None:
    """Fill in names and date of birth."""
    first_name, last_name = _names(body, found, today)
    day, doubt = dates.birth_date(body.get("birthDate"))
    found.warn(doubt)
    found.values = {
        "first_name": found.short(first_name),
        "last_name": found.short(last_name),
        "date_of_birth": day,
    }


def _names(body: Json, found: Mapped, today: date) -> tuple[str | None, str | None]:
    names = [each for each in objects(body.get("name")) if any((*_parts(each), text(each.get("text"))))]
    if not names:
        found.warn(Code.NO_NAME)
        return None, None
    best = min(names, key=lambda each: (_has_ended(each, today), _rank(each)))
    if any(_parts(best)):
        return _parts(best)
    found.warn(Code.NAME_TEXT_ONLY)
    return None, text(best.get("text"))


def _parts(name: Json) -> tuple[str | None, str | None]:
    return " ".join(texts(name.get("given"))) or None, text(name.get("family"))


def _has_ended(name: Json, today: date) -> bool:
    end = text(member(name, "period", "end"))
    return end is not None and end[:10] < today.isoformat()[: len(end[:10])]


def _rank(name: Json) -> int:
    use = name.get("use")
    return USES.index(use) if use is None or (isinstance(use, str) and use in USES) else len(USES)
