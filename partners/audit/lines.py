"""The record as flat objects for a SIEM. Names and meanings of the fields are documented and don't change."""

from collections.abc import Iterator, Sequence
from typing import Any

from partners.audit import entries
from partners.formats.moments import rfc3339
from partners.models import ApiKey, ChangeEvent, Organization, RequestRecord

VERSION = 1


def of_calls(records: Sequence[RequestRecord]) -> Iterator[dict[str, Any]]:
    """Yield an object for each answer."""
    return map(_call, entries.of_records(records))


def of_changes(events: Sequence[ChangeEvent]) -> Iterator[dict[str, Any]]:
    """Yield an object for each change."""
    return map(_change, entries.of_events(events))


def outcome(status: int) -> str:
    """Return what became of a call: served, refused, or failed by a fault of ours."""
    return "served" if status < 400 else "refused" if status < 500 else "failed"


def _call(call: entries.Call) -> dict[str, Any]:
    record = call.record
    return {
        "version": VERSION,
        "kind": "call",
        "id": record.request_id,
        "time": rfc3339(record.occurred_at),
        "outcome": outcome(record.status),
        "status": record.status,
        "reason_code": record.reason_code or None,
        "parameter": record.parameter,
        "method": record.method,
        "route": record.route or None,
        "path": record.path,
        "query": record.query or None,
        "address": record.address,
        "new_network": record.new_network,
        "outside_networks": bool(record.outside_networks),
        **_owner(call.key, call.organization),
        "purpose": call.purpose or None,
        "patient_ids": call.patients,
        "encounter_ids": call.encounters,
        "document_id": call.document,
        "duration_us": record.microseconds,
    }


def _change(changed: entries.Changed) -> dict[str, Any]:
    event = changed.event
    return {
        "version": VERSION,
        "kind": "change",
        "id": f"change-{event.pk}",
        "time": rfc3339(event.occurred_at),
        "action": event.action,
        "by": event.by,
        "approved_by": event.approved_by or None,
        "source": event.source,
        "reason": event.reason or None,
        "ticket": event.ticket or None,
        **_owner(changed.key, changed.organization),
        "before": event.before,
        "after": event.after,
    }


def _owner(key: ApiKey | None, organization: Organization | None) -> dict[str, str | None]:
    return {
        "key_id": None if key is None else key.public_id,
        "key_public_part": None if key is None else key.quotable,
        "organization_id": None if organization is None else organization.public_id,
    }
