"""An answer to a partner is an audit event, or one for each patient whose data it held."""

import json
from base64 import b64decode

import pytest

from partners.api.base_url import stated
from partners.audit.fhir import calls
from partners.catalogue.routes import Route
from partners.models import RequestRecord
from tests.factories import CHANGE, DocumentFactory, PatientFactory, RequestRecordFactory, issue
from tests.partners.audit.fhir import balp
from tests.partners.support.disclosing import days

pytestmark = pytest.mark.django_db


def events(*records: RequestRecord) -> list[dict]:
    return list(calls.events(records))


def entity(event: dict, code: str) -> dict:
    (found,) = (each for each in event["entity"] if each.get("role", {}).get("code") == code)
    return found


def test_a_page_is_a_query_for_each_patient_in_it(told):
    other = PatientFactory(organization=told.organization)
    record = told.record(told.encounter(), patients=[told.patient, other])
    found = events(record)
    assert [balp.require(event) for event in found] == ["PatientQuery", "PatientQuery"]
    assert [entity(event, "1")["what"]["identifier"]["value"] for event in found] == [told.id, other.public_id]
    assert [event["id"] for event in found] == [f"req-{record.request_id[4:]}-{number}" for number in (1, 2)]
    query = entity(found[0], "24")
    assert b64decode(query["query"]).decode() == query["description"] == record.request_line
    assert record.request_line.startswith("GET /external/v1/encounters?limit=50")


def test_a_page_without_patients_is_a_query_without_one(told):
    (event,) = events(RequestRecordFactory(api_key=told.key))
    assert balp.require(event) == "Query"


@pytest.mark.parametrize(
    ("route", "kind"), [("encounters.detail", "Encounter"), ("documents.transcript", "DocumentReference")]
)
def test_an_encounter_or_a_document_is_a_read(told, route, kind):
    document = DocumentFactory(encounter=told.encounter())
    ids = [document.encounter.public_id, document.public_id][: 1 if kind == "Encounter" else 2]
    (event,) = events(told.record(document.encounter, route=route, resource="/".join(ids), query=""))
    assert balp.require(event) == "PatientRead"
    what = entity(event, "4")["what"]
    assert (what["type"], what["identifier"]["value"]) == (kind, ids[-1])


def test_a_look_at_the_own_key_is_a_read_of_the_key(told):
    record = RequestRecordFactory(api_key=told.key, route=Route.KEY_READ.route_name, query="")
    (event,) = events(record)
    assert balp.require(event) == "Read"
    assert entity(event, "4")["what"]["identifier"]["value"] == told.key.public_id


def test_it_names_the_key_the_server_and_the_organization(told):
    told.organization.set_purpose(CHANGE, "Treatment")
    (event,) = events(told.record(told.encounter(), ago=days(-1)))
    client, server, recipient = event["agent"]
    assert (client["who"]["identifier"]["value"], client["who"]["display"]) == (told.key.public_id, told.key.label)
    assert (client["network"], client["requestor"]) == ({"address": "198.51.100.7", "type": "2"}, False)
    assert server["network"] == {"address": stated(), "type": "5"}
    assert recipient["who"]["identifier"]["value"] == told.organization.public_id
    assert (recipient["name"], recipient["requestor"]) == (told.organization.name, True)
    assert event["purposeOfEvent"] == [{"text": "Treatment"}]
    assert event["source"]["observer"]["identifier"]["value"] == stated() == "https://api.example.com"


def test_a_patient_is_named_by_id_alone(told):
    written = json.dumps(events(told.record(told.encounter())))
    assert told.id in written
    assert not [word for word in (told.patient.last_name, "1970-01-01") if word in written]


def test_a_patient_who_is_no_longer_stored_still_has_an_event(told):
    record = told.record(told.encounter())
    record.patients = [told.patient.pk + 1]
    (event,) = events(record)
    assert balp.require(event) == "PatientQuery"
    assert entity(event, "1")["what"] == {"type": "Patient", "display": "no longer stored"}


@pytest.mark.parametrize(
    ("status", "code", "outcome"), [(403, "missing_scope", "4"), (503, "service_unavailable", "8")]
)
def test_a_refusal_claims_no_pattern_and_gives_its_code(told, status, code, outcome):
    (event,) = events(RequestRecordFactory(api_key=told.key, status=status, reason_code=code, query=""))
    assert "meta" not in event
    assert (event["outcome"], event["outcomeDesc"]) == (outcome, code)
    assert entity(event, "4")["name"] == "/external/v1/encounters"


def test_a_refused_call_of_a_key_without_organization_is_its_own(db):
    key, _ = issue(None)
    (event,) = events(RequestRecordFactory(api_key=key, status=403, reason_code="org_scope_only_required", query=""))
    assert [agent["requestor"] for agent in event["agent"]] == [True, False]
    assert "purposeOfEvent" not in event


def test_a_call_that_reached_no_route_is_an_event_too(told):
    record = RequestRecordFactory(
        api_key=told.key, route="", resource="/external/v1/?", status=404, reason_code="route_not_found", query=""
    )
    (event,) = events(record)
    assert entity(event, "4")["name"] == "/external/v1/{not-kept}"
