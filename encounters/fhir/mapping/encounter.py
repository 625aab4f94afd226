"""Encounter: its status, its time, its patient and its place."""

from datetime import date

from encounters.fhir import references
from encounters.fhir.mapping.resource import MappedResource
from encounters.importing.codes import Code
from encounters.importing.reading.elements import Json, member, text
from encounters.models import EncounterStatus

ENTERED_IN_ERROR = "entered-in-error"

STATUSES = {
    "planned": EncounterStatus.PLANNED,
    "arrived": EncounterStatus.IN_PROGRESS,
    "triaged": EncounterStatus.IN_PROGRESS,
    "in-progress": EncounterStatus.IN_PROGRESS,
    "onleave": EncounterStatus.IN_PROGRESS,
    "finished": EncounterStatus.COMPLETED,
    "cancelled": EncounterStatus.CANCELLED,
    "unknown": EncounterStatus.UNKNOWN,
    None: EncounterStatus.UNKNOWN,
}
R5_STATUSES = {
    "completed": EncounterStatus.COMPLETED,
    "discharged": EncounterStatus.COMPLETED,
    "on-hold": EncounterStatus.IN_PROGRESS,
    "discontinued": EncounterStatus.CANCELLED,
}


def fill(body: Json, found: MappedResource, today: date) -> None:
    """Set the values, or only mark the encounter as withdrawn if it was entered in error or deleted."""
    found.withdrawn |= body.get("status") == ENTERED_IN_ERROR
    if found.withdrawn:
        return
    found.subject = references.parse(body.get("subject"))
    found.provider = references.parse(body.get("serviceProvider"))
    period = _period(body, found)
    found.service_start = found.moment(member(period, "start"))
    found.values = {
        "status": _status(body.get("status"), found).value,
        "date_of_service": found.service_start if member(period, "start") else found.moment(member(period, "end")),
        "service_provider": found.short(text(member(body, "serviceProvider", "display"))),
    }


def _period(body: Json, found: MappedResource) -> object:
    """Return when it took place. Use R5's name if R4's is missing."""
    is_r5 = body.get("period") is None and body.get("actualPeriod") is not None
    found.warn(Code.OTHER_FHIR_VERSION, when=is_r5)
    return body.get("actualPeriod" if is_r5 else "period")


def _status(written: object, found: MappedResource) -> EncounterStatus:
    if written is None or (isinstance(written, str) and written in STATUSES):
        return STATUSES[written]
    if isinstance(written, str) and written in R5_STATUSES:
        found.warn(Code.R5_STATUS)
        return R5_STATUSES[written]
    found.warn(Code.UNRECOGNIZED_STATUS)
    return EncounterStatus.UNKNOWN
