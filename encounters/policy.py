"""Checks 14–16: whether an encounter may be served to the caller's organization."""

from dataclasses import dataclass

from encounters.models import RecordClass
from encounters.queries import StoredEncounter
from partners.access import Rule
from partners.reasons import Reason


@dataclass(frozen=True, slots=True)
class EncounterRequest:
    """The caller's organization and the encounter it asks for, where there is one."""

    organization_pk: int | None
    encounter: StoredEncounter | None


def _elsewhere(asked: EncounterRequest) -> bool | None:
    if asked.encounter is None or asked.organization_pk is None:
        return None
    return asked.encounter.organization_pk != asked.organization_pk


def _not_clinical(asked: EncounterRequest) -> bool | None:
    return None if asked.encounter is None else asked.encounter.record_class != RecordClass.CLINICAL


POLICY: tuple[Rule[EncounterRequest], ...] = (
    Rule(Reason.ENCOUNTER_NOT_FOUND, lambda asked: asked.encounter is None),
    Rule(Reason.CROSS_ORGANIZATION_DENIED, _elsewhere),
    Rule(Reason.DEMO_TRAINING_DENIED, _not_clinical),
)
