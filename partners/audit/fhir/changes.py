"""Changes by staff, their sign-ins and what they looked at, as audit events with the codes of DICOM.

BALP has no patterns for them, so they claim none.
"""

import json
from collections.abc import Iterator, Sequence
from typing import Any

from partners.audit import entries
from partners.audit.entries import Changed
from partners.audit.fhir import codes, parts
from partners.audit.fhir.parts import Element
from partners.formats.moments import rfc3339
from partners.models import ChangeEvent


def events(changes: Sequence[ChangeEvent]) -> Iterator[Element]:
    """Yield the event of each change."""
    return map(_event, entries.of_events(changes))


def _event(changed: Changed) -> Element:
    event = changed.event
    return {
        "resourceType": "AuditEvent",
        "id": f"change-{event.pk}",
        **codes.kind(event.action).facts,
        "recorded": rfc3339(event.occurred_at),
        "outcome": codes.REFUSED if event.action in codes.UNSUCCESSFUL else codes.SUCCESS,
        **({"purposeOfEvent": [parts.text(event.reason)]} if event.reason else {}),
        "agent": list(_people(event)),
        "source": parts.source(),
        "entity": [*_concerned(changed), _facts(event)],
    }


def _people(event: ChangeEvent) -> Iterator[Element]:
    """Yield who made the change, and the second person who approved it."""
    yield {"who": {"display": event.by}, "name": event.by, "requestor": True, **parts.network(event.source)}
    if event.approved_by:
        approved = parts.text("approved the change")
        yield {
            "role": [approved],
            "who": {"display": event.approved_by},
            "name": event.approved_by,
            "requestor": False,
        }


def _concerned(changed: Changed) -> Iterator[Element]:
    """Yield the organization, the key and the patient that the change is about."""
    if changed.organization is not None:
        what = parts.reference(changed.organization.public_id, "Organization")
        yield {"what": what, "type": codes.OBJECT, "role": codes.SECURITY_RESOURCE}
    if changed.key is not None:
        yield {"what": parts.reference(changed.key.public_id), "type": codes.OBJECT, "role": codes.SECURITY_RESOURCE}
    facts = changed.event.before | changed.event.after
    if "patient_id" in facts:
        yield parts.patient(facts["patient_id"])


def _facts(event: ChangeEvent) -> Element:
    """Return what was done: its kind by name, the ticket, and the facts before and after."""
    texts = {"source": event.source, "ticket": event.ticket, "before": _json(event.before), "after": _json(event.after)}
    details = [{"type": name, "valueString": words} for name, words in texts.items() if words]
    return {"type": codes.OTHER, "name": event.action, "detail": details}


def _json(facts: dict[str, Any]) -> str:
    return json.dumps(facts, ensure_ascii=False) if facts else ""
