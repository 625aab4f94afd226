"""A change by staff, a sign-in and a look at the record is an audit event with the codes of DICOM."""

import json

import pytest

from partners.audit.fhir import changes
from partners.models import ChangeEvent
from partners.models.change import Action, Change

pytestmark = pytest.mark.django_db
CHANGE = Change("ada", "198.51.100.9", "a request", "T-1", "grace")


def event(action: Action, change: Change = CHANGE, **values) -> dict:
    ChangeEvent.record(action, change, **values)
    (made,) = changes.events([ChangeEvent.objects.latest("pk")])
    return made


def test_a_change_names_people_reason_ticket_facts_and_what_it_is_about(key):
    found = event(
        Action.KEY_DISABLED, organization=key.organization, api_key=key, before={"state": "é"}, after={"a": 1}
    )
    first, second = found["agent"]
    assert (first["name"], first["requestor"], first["network"]["address"]) == ("ada", True, "198.51.100.9")
    assert (second["name"], second["requestor"]) == ("grace", False)
    assert (found["purposeOfEvent"], found["outcome"]) == ([{"text": "a request"}], "0")
    assert found["id"] == f"change-{ChangeEvent.objects.latest('pk').pk}"
    *concerned, facts = found["entity"]
    ids = [each["what"]["identifier"]["value"] for each in concerned]
    assert ids == [key.organization.public_id, key.public_id]
    details = {each["type"]: each["valueString"] for each in facts["detail"]}
    assert (facts["name"], details["source"], details["ticket"]) == ("key_disabled", "198.51.100.9", "T-1")
    assert [json.loads(details[name]) for name in ("before", "after")] == [{"state": "é"}, {"a": 1}]


def test_what_is_blank_is_left_out():
    found = event(Action.SIGNED_OUT, Change("ada", "command line"))
    assert found["agent"] == [{"who": {"display": "ada"}, "name": "ada", "requestor": True}]
    assert "purposeOfEvent" not in found
    assert found["entity"][0]["detail"] == [{"type": "source", "valueString": "command line"}]


def test_a_look_at_disclosures_names_the_patient():
    found = event(Action.DISCLOSURES_ACCOUNTED, after={"patient_id": "pat_0"})
    assert (found["type"]["code"], found["action"]) == ("110101", "R")
    assert found["entity"][0]["what"]["identifier"]["value"] == "pat_0"


def test_a_lifted_restriction_names_the_patient():
    found = event(Action.RESTRICTION_LIFTED, before={"patient_id": "pat_0"})
    assert [each["what"]["identifier"]["value"] for each in found["entity"][:-1]] == ["pat_0"]
