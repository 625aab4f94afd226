"""`restrict` and `lift_restrictions`, run as by an operator."""

from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone

from encounters.models import Encounter, Restriction
from partners.identifiers import new_id
from partners.models.change import Action, ChangeEvent
from tests.encounters.support.restricted import restrict
from tests.factories import DocumentFactory, EncounterFactory
from tests.partners.support.command_line import refused, run, run_json

pytestmark = pytest.mark.django_db
WHY = ("--reason", "the patient asks", "--by", "Invented Person", "--ticket", "T-1")


@pytest.fixture
def encounter(organization) -> Encounter:
    return DocumentFactory(encounter=EncounterFactory(organization=organization)).encounter


@pytest.mark.parametrize("kind", ["patient", "encounter", "document"])
def test_a_record_is_restricted_and_the_restriction_lifted(encounter, kind):
    subject = {"patient": encounter.patient, "encounter": encounter, "document": encounter.documents.get()}[kind]
    told = {kind: subject.public_id, "organization_id": encounter.organization.public_id, "encounters": 1}
    now = {"encounters_withheld": 0 if kind == "document" else 1, "restricted": True, "until": None}
    assert run_json("restrict", subject.public_id, *WHY) == told | now
    assert not subject.restrictions.active().get().is_due
    event = ChangeEvent.objects.get(action=Action.RECORD_RESTRICTED)
    assert (event.by, event.reason, event.ticket, event.source) == (
        *("Invented Person", "the patient asks", "T-1"),
        "command line",
    )
    ended = {"encounters_withheld": 0, "restricted": False, "until": None}
    assert run_json("restrict", subject.public_id, "--lift", *WHY) == told | ended
    assert not Restriction.objects.active().exists()


def test_what_another_restriction_still_withholds_is_reported(encounter):
    EncounterFactory(organization=encounter.organization, patient=encounter.patient)
    for each in (encounter, encounter.patient):
        run("restrict", each.public_id, *WHY)
    lifted = run_json("restrict", encounter.patient.public_id, "--lift", *WHY)
    assert (lifted["restricted"], lifted["encounters"], lifted["encounters_withheld"]) == (False, 2, 1)
    assert run_json("restrict", encounter.public_id, "--lift", *WHY)["encounters_withheld"] == 0


def test_an_encounter_of_a_restricted_patient_stays_withheld_when_its_own_restriction_is_lifted(encounter):
    restrict(encounter.patient), restrict(encounter)
    assert run_json("restrict", encounter.public_id, "--lift", *WHY)["encounters_withheld"] == 1


def test_a_restriction_can_have_a_date(encounter):
    assert run_json("restrict", encounter.public_id, "--until", "2099-05-25", *WHY)["until"] == "2099-05-26T00:00:00Z"
    assert Restriction.objects.get().until == datetime(2099, 5, 26, tzinfo=UTC)


def test_what_cant_be_done_is_refused_with_the_reason(encounter):
    assert "pat_, enc_ or doc_" in refused("restrict", "enc_x", *WHY)
    assert "pat_, enc_ or doc_" in refused("restrict", new_id("pat"), *WHY)
    assert "is not restricted" in refused("restrict", encounter.public_id, "--lift", *WHY)
    assert "Enter an expiry" in refused("restrict", encounter.public_id, "--until", "x", *WHY)
    assert "passed" in refused("restrict", encounter.public_id, "--until", "2020-01-01", *WHY)
    assert "Give the reason" in refused("restrict", encounter.public_id, "--reason", " ")


def test_a_restriction_that_has_ended_meanwhile_is_told(encounter, monkeypatch):
    restrict(encounter)
    monkeypatch.setattr(Restriction, "lift", lambda self, change: False)
    assert "It had ended already." in refused("restrict", encounter.public_id, "--lift", *WHY)


def test_only_what_is_due_is_lifted(encounter):
    others = EncounterFactory.create_batch(2, organization=encounter.organization)
    for each, days in zip((encounter, *others), (1, 2, None), strict=True):
        restrict(each, until=days and timezone.now() + timedelta(days=days))
    Restriction.objects.filter(encounter=encounter).update(until=timezone.now() - timedelta(seconds=1))
    assert run_json("lift_restrictions") == {"lifted": 1}
    assert [*Encounter.objects.served()] == [encounter]
    assert ChangeEvent.objects.get(action=Action.RESTRICTION_LIFTED).reason == "Its date has passed."
    assert run("lift_restrictions", "--reason", "x").split() == ["lifted", "0"]
