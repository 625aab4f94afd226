"""Restrict what an id names, and end the restrictions whose date has passed."""

from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import Q

from encounters.models import Document, Encounter, Patient, Restriction
from partners.identifiers import matcher
from partners.models.change import Change
from partners.record.subjects import Restricted

_KINDS: dict[str, Any] = {
    "pat": Patient.objects.all(),
    "enc": Encounter.objects.all(),
    "doc": Document.objects.defer("content", "turns"),
}
_MATCHERS = {prefix: matcher(prefix) for prefix in _KINDS}


def find_subject(text: str) -> Any:
    """Return the patient, the encounter or the document with this id. Raise ValidationError without one."""
    named = next((rows for prefix, rows in _KINDS.items() if _MATCHERS[prefix](text)), None)
    found = None if named is None else named.filter(public_id=text).first()
    if found is None:
        raise ValidationError(
            "No patient, encounter or document has this id. It is pat_, enc_ or doc_ and 22 letters and digits.",
            code="record_not_found",
        )
    return found


def restriction_of(subject: Any) -> Restriction:
    """Return the active restriction of a patient, an encounter or a document. Raise ValidationError without one."""
    found: Restriction | None = subject.restrictions.active().first()
    if found is None:
        raise ValidationError(f"This {subject._meta.model_name} is not restricted.", code="not_restricted")
    return found


def of_patient(patient: int) -> list[Restricted]:
    """Return the restrictions of a patient, of their encounters and of their documents, from the oldest."""
    theirs = Q(patient=patient) | Q(encounter__patient=patient) | Q(document__encounter__patient=patient)
    found = Restriction.objects.filter(theirs).with_subjects()
    return [
        Restricted(each.subject.public_id, each.restricted_at, each.until, each.ended_at) for each in found.reverse()
    ]


def lift_due(change: Change) -> int:
    """End the restrictions whose date has passed, each in a transaction of its own. Return their number."""
    return sum(each.lift(change) for each in Restriction.objects.due().with_subjects())
