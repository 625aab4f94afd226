"""Rows of the record with what they refer to: keys, organizations, purposes, and public ids of what was disclosed."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from partners.accounting.purposes import Purposes
from partners.models import ApiKey, ChangeEvent, Organization, RequestRecord
from partners.record import subjects
from partners.record.subjects import Subject

GONE = "no longer stored"


@dataclass(frozen=True, slots=True)
class Call:
    """One answer on record. `patients` and `encounters` are public ids, or `GONE`, in the order of the record."""

    record: RequestRecord
    key: ApiKey
    organization: Organization | None
    purpose: str
    patients: list[str]
    encounters: list[str]
    document: str | None


@dataclass(frozen=True, slots=True)
class Changed:
    """One change by staff."""

    event: ChangeEvent
    key: ApiKey | None
    organization: Organization | None


def of_records(records: Sequence[RequestRecord]) -> Iterator[Call]:
    """Yield an entry for each record of a batch."""
    keys, organizations = _keys(records), _organizations(records)
    purposes = Purposes.of_each(organizations.values())
    patients = subjects.public_ids(Subject.PATIENT, (pk for record in records for pk in record.patients))
    encounters = subjects.public_ids(Subject.ENCOUNTER, (pk for record in records for pk in record.encounters))
    documents = subjects.public_ids(Subject.DOCUMENT, (record.document for record in records if record.document))
    for record in records:
        organization = organizations.get(record.organization_id or 0)
        yield Call(
            record,
            keys[record.api_key_id],
            organization,
            "" if organization is None else purposes[organization.pk].at(record.occurred_at),
            [patients.get(pk, GONE) for pk in record.patients],
            [encounters.get(pk, GONE) for pk in record.encounters],
            documents.get(record.document, GONE) if record.document else None,
        )


def of_events(events: Sequence[ChangeEvent]) -> Iterator[Changed]:
    """Yield an entry for each change of a batch."""
    keys, organizations = _keys(events), _organizations(events)
    for event in events:
        yield Changed(event, keys.get(event.api_key_id or 0), organizations.get(event.organization_id or 0))


def _keys(rows: Sequence[RequestRecord | ChangeEvent]) -> dict[int, ApiKey]:
    return ApiKey.objects.in_bulk({row.api_key_id for row in rows if row.api_key_id})


def _organizations(rows: Sequence[RequestRecord | ChangeEvent]) -> dict[int, Organization]:
    return Organization.objects.in_bulk({row.organization_id for row in rows if row.organization_id})
