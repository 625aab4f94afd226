"""Answers to partners as audit events.

A page with data of several patients becomes an event for each of them, as BALP requires. BALP has patterns for success
only, so the event of a refusal claims none.
"""

from base64 import b64encode
from collections.abc import Iterator, Sequence

from partners.api import base_url
from partners.audit import entries
from partners.audit.entries import Call
from partners.audit.fhir import codes, parts
from partners.audit.fhir.codes import Interaction
from partners.audit.fhir.parts import Element
from partners.formats.moments import rfc3339
from partners.models import RequestRecord

_DATA = {"enc": "Encounter", "doc": "DocumentReference"}


def events(records: Sequence[RequestRecord]) -> Iterator[Element]:
    """Yield the events of a batch of answers, one or more for each."""
    for call in entries.of_records(records):
        yield from _served(call) if not call.record.reason_code else [_not_served(call)]


def _served(call: Call) -> Iterator[Element]:
    interaction = codes.interaction(call.record.route)
    read = _query(call.record) if interaction is codes.SEARCH else _data(call)
    if not call.patients:
        yield _event(call, interaction, [read]) | _claimed(interaction.pattern)
    for number, patient in enumerate(call.patients, 1):
        event = _event(call, interaction, [parts.patient(patient), read], f"-{number}")
        yield event | _claimed(f"Patient{interaction.pattern}")


def _not_served(call: Call) -> Element:
    asked = {"type": codes.OBJECT, "role": codes.DOMAIN_RESOURCE, "name": call.record.path}
    outcome = codes.REFUSED if call.record.status < 500 else codes.FAILED
    event = _event(call, codes.interaction(call.record.route), [asked])
    return event | {"outcome": outcome, "outcomeDesc": call.record.reason_code}


def _claimed(pattern: str) -> Element:
    return {"meta": {"profile": [codes.profile(pattern)]}}


def _event(call: Call, interaction: Interaction, objects: list[Element], suffix: str = "") -> Element:
    record = call.record
    request_id = {"type": codes.REQUEST_ID, "what": {"identifier": {"value": record.request_id}}}
    return {
        "resourceType": "AuditEvent",
        "id": record.request_id.replace("_", "-") + suffix,
        "type": codes.REST,
        "subtype": [interaction.subtype],
        "action": interaction.action,
        "recorded": rfc3339(record.occurred_at),
        "outcome": codes.SUCCESS,
        **({"purposeOfEvent": [parts.text(call.purpose)]} if call.purpose else {}),
        "agent": [_client(call, interaction), _server(interaction), *_recipient(call)],
        "source": parts.source(),
        "entity": [request_id, *objects],
    }


def _client(call: Call, interaction: Interaction) -> Element:
    """Return the key that called. It acts for its organization, if it has one."""
    return {
        "type": parts.concept(interaction.caller),
        "who": parts.reference(call.key.public_id) | {"display": call.key.label},
        "requestor": call.organization is None,
        **parts.network(call.record.address),
    }


def _server(interaction: Interaction) -> Element:
    return {
        "type": parts.concept(interaction.server),
        "who": {"identifier": {"value": base_url.stated()}},
        "requestor": False,
        "network": {"address": base_url.stated(), "type": codes.URI},
    }


def _recipient(call: Call) -> Iterator[Element]:
    if call.organization is not None:
        yield {
            "type": parts.concept(codes.RECIPIENT),
            "who": parts.reference(call.organization.public_id, "Organization"),
            "name": call.organization.name,
            "requestor": True,
        }


def _query(record: RequestRecord) -> Element:
    """Return the query in its normal form: what else was sent is not kept."""
    line = record.request_line
    return {
        "type": codes.OBJECT,
        "role": codes.QUERY,
        "description": line,
        "query": b64encode(line.encode()).decode(),
    }


def _data(call: Call) -> Element:
    """Return what was read: the last id of the path, which may be that of a document, or else the caller's own key."""
    public_id = call.record.resource.rpartition("/")[2] or call.key.public_id
    what = parts.reference(public_id, _DATA.get(public_id.partition("_")[0], ""))
    return {"what": what, "type": codes.OBJECT, "role": codes.DOMAIN_RESOURCE, "name": call.record.path}
