"""DocumentReference: the title, the status and the text of a document."""

from collections.abc import Iterator
from datetime import date

from encounters.fhir import attachments, references
from encounters.fhir.mapping.encounter import ENTERED_IN_ERROR
from encounters.fhir.mapping.resource import MappedResource
from encounters.fhir.references import Reference
from encounters.importing.codes import Code
from encounters.importing.reading.elements import Json, member, objects, text
from encounters.importing.reading.limits import LONGEST_DURATION
from encounters.models import DocumentStatus, SchemaType

STATUSES = {
    "preliminary": DocumentStatus.DRAFT,
    "final": DocumentStatus.COMPLETED,
    "amended": DocumentStatus.AMENDED,
}
SUPERSEDED = "superseded"

# Our own tag for a transcript without a recording.
TAG_SYSTEM, TRANSCRIPT_TAG = "urn:chartero:tags", "ambient_transcript"

# R5's Attachment.duration as an R4 extension, …/StructureDefinition/extension-Attachment.duration, in seconds.
DURATION_URL = "duration"
DURATION_VALUES = ("valueDecimal", "valueInteger", "valueUnsignedInt", "valuePositiveInt")


def fill(body: Json, found: MappedResource, today: date) -> None:
    """Set the values, or only mark the document as withdrawn if it was entered in error or deleted."""
    found.withdrawn |= ENTERED_IN_ERROR in (body.get("status"), body.get("docStatus"))
    if found.withdrawn:
        return
    files = objects([each.get("attachment") for each in objects(body.get("content"))])
    recordings = [each for each in files if attachments.is_audio(each)]
    content, warnings = attachments.read(files)
    found.warnings += warnings
    found.subject = references.parse(body.get("subject"))
    found.encounters = _references(member(body, "context", "encounter"))
    found.replaces = _replaced(body)
    found.values = {
        "schema_type": _schema_type(body, recordings),
        "title": found.short(next(filter(None, map(text, _titles(body, files))), None)),
        "status": _status(body, found),
        "audio_duration_seconds": _duration(recordings, found) if recordings else None,
        "content": content,
        "created_at": found.moment(_date(body, found)),
    }


def _schema_type(body: Json, recordings: list[Json]) -> str:
    tags = [(each.get("system"), each.get("code")) for each in objects(member(body, "meta", "tag"))]
    is_transcript = recordings or (TAG_SYSTEM, TRANSCRIPT_TAG) in tags
    return (SchemaType.AMBIENT_TRANSCRIPT if is_transcript else SchemaType.DOCUMENT).value


def _titles(body: Json, files: list[Json]) -> Iterator[object]:
    """Yield what can be a title, best first."""
    yield body.get("description")
    yield from [each.get("title") for each in files]
    kind = body.get("type")
    yield member(kind, "text")
    yield from [each.get("display") for each in objects(member(kind, "coding"))]


def _date(body: Json, found: MappedResource) -> object:
    """Return when the reference was made. Use STU3's name if R4's is missing."""
    is_stu3 = body.get("date") is None and body.get("indexed") is not None
    found.warn(Code.OTHER_FHIR_VERSION, when=is_stu3)
    return body.get("indexed" if is_stu3 else "date")


def _status(body: Json, found: MappedResource) -> str | None:
    """Return the status from `docStatus`, unless the reference itself is superseded; it is then still served."""
    if body.get("status") == SUPERSEDED:
        return DocumentStatus.SUPERSEDED.value
    written = body.get("docStatus")
    if isinstance(written, str) and written in STATUSES:
        return STATUSES[written].value
    found.warn(Code.UNRECOGNIZED_STATUS, when=written is not None)
    return None


def _duration(recordings: list[Json], found: MappedResource) -> float | None:
    told = [seconds for each in recordings for seconds in _told_seconds(each)]
    valid = [seconds for seconds in told if seconds is not None]
    found.warn(Code.INVALID_DURATION, when=len(valid) < len(told))
    return next(iter(valid), None)


def _told_seconds(file: Json) -> Iterator[float | None]:
    for each in objects(file.get("extension")):
        if (text(each.get("url")) or "").lower().endswith(DURATION_URL):
            yield next((_seconds(each[name]) for name in DURATION_VALUES if name in each), None)


def _seconds(value: object) -> float | None:
    if not isinstance(value, int | float) or isinstance(value, bool):
        return None
    # Compare before converting: an integer may be too large for a float.
    return float(value) if 0 <= value <= LONGEST_DURATION else None


def _replaced(body: Json) -> list[Reference]:
    relations = (each for each in objects(body.get("relatesTo")) if each.get("code") == "replaces")
    return [found for each in relations if (found := references.parse(each.get("target")))]


def _references(value: object) -> list[Reference]:
    return [found for each in objects(value) if (found := references.parse(each))]
