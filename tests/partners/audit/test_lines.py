"""The objects for a SIEM: documented fields, ids instead of primary keys, and nothing secret."""

import re
from pathlib import Path

import pytest

from partners.audit import lines
from partners.formats.moments import rfc3339
from partners.models import ChangeEvent
from partners.models.change import Action, Change
from tests.factories import CHANGE, DocumentFactory, RequestRecordFactory, issue
from tests.partners.support.disclosing import days

pytestmark = pytest.mark.django_db
DOCUMENTED = Path(__file__).parents[3] / "docs/audit.md"


def call(record) -> dict:
    (made,) = lines.of_calls([record])
    return made


def change(action: Action, change: Change = CHANGE, **values) -> dict:
    ChangeEvent.record(action, change, **values)
    (made,) = lines.of_changes([ChangeEvent.objects.latest("pk")])
    return made


def test_a_served_call(told):
    told.organization.set_purpose(CHANGE, "Treatment")
    document = DocumentFactory(encounter=told.encounter())
    ids = f"{document.encounter.public_id}/{document.public_id}"
    about = {"route": "documents.detail", "resource": ids, "query": "", "document": document.pk}
    record = told.record(document.encounter, ago=days(-1), **about)
    assert call(record) == {
        "version": 1,
        "kind": "call",
        "id": record.request_id,
        "time": rfc3339(record.occurred_at),
        "outcome": "served",
        "status": 200,
        "reason_code": None,
        "parameter": None,
        "method": "GET",
        "route": "documents.detail",
        "path": f"/external/v1/encounters/{document.encounter.public_id}/documents/{document.public_id}",
        "query": None,
        "address": "198.51.100.7",
        "new_network": False,
        "outside_networks": False,
        "key_id": told.key.public_id,
        "key_public_part": f"ch_sk_{told.key.public_part}",
        "organization_id": told.organization.public_id,
        "purpose": "Treatment",
        "patient_ids": [told.id],
        "encounter_ids": [document.encounter.public_id],
        "document_id": document.public_id,
        "duration_us": 1500,
    }


@pytest.mark.parametrize(
    ("status", "code", "outcome"), [(401, "expired_key", "refused"), (503, "service_unavailable", "failed")]
)
def test_a_call_that_was_not_served(key, status, code, outcome):
    found = call(RequestRecordFactory(api_key=key, status=status, reason_code=code, query="", parameter="limit"))
    assert (found["outcome"], found["reason_code"], found["parameter"]) == (outcome, code, "limit")


def test_a_call_of_a_key_without_organization_has_no_purpose(db):
    found = call(RequestRecordFactory(api_key=issue(None)[0], status=403, reason_code="org_scope_only_required"))
    assert (found["organization_id"], found["purpose"]) == (None, None)


def test_rows_that_are_no_longer_stored_are_named_as_such(told):
    record = told.record(told.encounter(), document=1)
    record.encounters, record.patients = [record.encounters[0] + 1], [told.patient.pk + 1]
    found = call(record)
    gone = "no longer stored"
    assert (found["patient_ids"], found["encounter_ids"], found["document_id"]) == ([gone], [gone], gone)


def test_a_change(key):
    about = {"organization": key.organization, "api_key": key}
    found = change(Action.KEY_DISABLED, Change("ada", "tests", "why", "T-1", "grace"), **about, after={"state": "x"})
    event = ChangeEvent.objects.latest("pk")
    assert found == {
        "version": 1,
        "kind": "change",
        "id": f"change-{event.pk}",
        "time": rfc3339(event.occurred_at),
        "action": "key_disabled",
        "by": "ada",
        "approved_by": "grace",
        "source": "tests",
        "reason": "why",
        "ticket": "T-1",
        "key_id": key.public_id,
        "key_public_part": f"ch_sk_{key.public_part}",
        "organization_id": key.organization.public_id,
        "before": {},
        "after": {"state": "x"},
    }


def test_a_change_of_nothing_in_particular(db):
    found = change(Action.SIGNED_IN, Change("ada", "tests"))
    assert {name for name, value in found.items() if value is None} == {
        "approved_by",
        "reason",
        "ticket",
        "key_id",
        "key_public_part",
        "organization_id",
    }


def test_every_field_is_documented(told):
    written = set(call(told.record())) | set(change(Action.COMMENTED))
    section = DOCUMENTED.read_text().partition("## JSON lines")[2].partition("\n## ")[0]
    rows = [row.split("|")[1] for row in section.splitlines() if row.startswith("| `")]
    assert {name for row in rows for name in re.findall(r"`(\w+)`", row)} == written
