"""Restrictions: what partners no longer see, what they see again, and what is on record."""

from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from encounters.models import Encounter, Restriction
from partners.models.change import Action, Change, ChangeEvent
from tests.api import Api
from tests.encounters.support.counted import kept, true, wrong
from tests.encounters.support.logged import forget, kinds
from tests.encounters.support.restricted import documents, listed, restrict
from tests.factories import CHANGE, DocumentFactory, EncounterFactory, OrganizationFactory, PatientFactory, issue

pytestmark = pytest.mark.django_db
NOBODY = Change(by="tester", source="tests")
SUBJECTS = {
    "patient": lambda encounter: encounter.patient,
    "encounter": lambda encounter: encounter,
    "document": lambda encounter: encounter.documents.get(),
}


@pytest.fixture
def encounter(organization) -> Encounter:
    return DocumentFactory(encounter=EncounterFactory(organization=organization), audio="org_x/invented.wav").encounter


@pytest.fixture
def other(encounter) -> Encounter:
    """Another encounter of the same organization."""
    return EncounterFactory(organization=encounter.organization)


def address(encounter: Encounter, *rest: str) -> str:
    return "/".join(["/external/v1/encounters", encounter.public_id, *rest])


@pytest.mark.parametrize("kind", ["patient", "encounter"])
def test_an_encounter_is_not_listed_counted_or_found_from_the_next_call_on(api, encounter, other, kind):
    assert listed(api) == ([other.public_id, encounter.public_id], 2)
    restriction = restrict(SUBJECTS[kind](encounter))
    assert listed(api) == ([other.public_id], 1)
    assert api.get(address(encounter)).json()["reason_code"] == "encounter_not_found"
    document = encounter.documents.get().public_id
    for part in ([], ["transcript"], ["audio"]):
        answer = api.get(address(encounter, "documents", document, *part))
        assert (answer.status_code, answer.json()["reason_code"]) == (404, "encounter_not_found")
    assert restriction.lift(CHANGE)
    assert listed(api) == ([other.public_id, encounter.public_id], 2)
    assert (kept(encounter.organization), wrong()) == (2, [])


def test_a_document_is_not_in_its_encounter_nor_found(api, encounter):
    document = encounter.documents.get()
    shown = DocumentFactory(encounter=encounter)
    restriction = restrict(document)
    assert documents(api, encounter) == [shown.public_id]
    answer = api.get(address(encounter, "documents", document.public_id))
    assert (answer.status_code, answer.json()["reason_code"]) == (404, "document_not_found")
    assert listed(api)[1] == 1
    restriction.lift(CHANGE)
    assert document.public_id in documents(api, encounter)


def test_a_stranger_learns_the_same_as_of_an_encounter_that_never_was(encounter):
    restrict(encounter)
    stranger = Api(issue(OrganizationFactory())[1])
    assert stranger.get(address(encounter)).json()["reason_code"] == "encounter_not_found"


@pytest.mark.parametrize(
    ("kind", "during"), [("patient", "withdrawn"), ("encounter", "withdrawn"), ("document", "updated")]
)
def test_partners_who_follow_the_changes_are_told(encounter, kind, during):
    forget()
    restriction = restrict(SUBJECTS[kind](encounter))
    assert kinds(encounter.organization) == [during]
    forget()
    restriction.lift(CHANGE)
    assert kinds(encounter.organization) == [{"withdrawn": "available", "updated": "updated"}[during]]


def test_changes_from_before_a_restriction_only_say_that_it_is_gone(api, encounter, other, settled):
    assert {each["change"] for each in changes(api)} == {"available", "updated"} - (
        {"updated"} if is_postgresql() else set()
    )
    restrict(encounter)
    told = {each["encounter_id"]: each["change"] for each in changes(api)}
    assert told == {encounter.public_id: "withdrawn", other.public_id: "available"}


def changes(api):
    return api.get("/external/v1/changes?limit=1000").json()["items"]


def is_postgresql():
    return connection.vendor == "postgresql"


def test_each_restriction_that_covers_an_encounter_must_end(api, encounter):
    of_patient, of_encounter = restrict(encounter.patient), restrict(encounter)
    of_patient.lift(CHANGE)
    encounter.refresh_from_db()
    assert encounter.restricted_at == of_encounter.restricted_at
    assert listed(api) == ([], 0)
    of_encounter.lift(CHANGE)
    assert listed(api) == ([encounter.public_id], 1)


def test_only_the_encounters_of_the_patient_are_covered(encounter, other):
    also = EncounterFactory(organization=encounter.organization, patient=encounter.patient)
    alone = EncounterFactory(organization=encounter.organization, patient=None)
    restriction = restrict(encounter.patient)
    assert {*Encounter.objects.served()} == {other, alone}
    assert {*restriction.encounters()} == {encounter, also}


def test_a_patient_without_encounters_can_be_restricted():
    assert not restrict(PatientFactory()).encounters().exists()


@pytest.mark.parametrize("kind", SUBJECTS)
def test_a_restriction_and_its_end_are_recorded_with_their_reasons(encounter, kind):
    subject = SUBJECTS[kind](encounter)
    restriction = restrict(subject)
    assert (restriction.kind, restriction.subject, str(restriction)) == (kind, subject, f"{kind} {subject.public_id}")
    restriction.lift(Change(by="another", source="tests", reason=" over ", ticket="T-2"))
    begun, ended = ChangeEvent.objects.filter(
        action__in=[Action.RECORD_RESTRICTED, Action.RESTRICTION_LIFTED]
    ).order_by("pk")
    facts = {"patient_id": encounter.patient.public_id, f"{kind}_id": subject.public_id, "until": None}
    assert (begun.action, begun.reason, begun.after, begun.before) == ("record_restricted", "a test", facts, {})
    assert (ended.action, ended.by, ended.ticket, ended.before) == ("restriction_lifted", "another", "T-2", facts)
    assert {begun.organization, ended.organization} == {encounter.organization}
    assert (restriction.ended_by, restriction.end_reason) == ("another", "over")
    assert (restriction.restricted_by, restriction.reason) == ("tester", "a test")


def test_a_reason_is_required_for_both(encounter):
    with pytest.raises(ValidationError, match="reason"):
        Restriction.impose(encounter, NOBODY)
    restriction = restrict(encounter)
    with pytest.raises(ValidationError, match="reason"):
        restriction.lift(NOBODY)
    assert Restriction.objects.active().get() == restriction


@pytest.mark.parametrize("kind", SUBJECTS)
def test_what_is_restricted_cant_be_restricted_again_until_it_is_lifted(encounter, kind):
    restriction = restrict(SUBJECTS[kind](encounter))
    with pytest.raises(ValidationError, match=f"This {kind} is restricted already"):
        restrict(SUBJECTS[kind](encounter))
    restriction.lift(CHANGE)
    assert restrict(SUBJECTS[kind](encounter)) != restriction


def test_a_restriction_ends_once(encounter):
    restriction = restrict(encounter)
    again = Restriction.objects.get()
    assert (restriction.lift(CHANGE), again.lift(Change(by="late", source="tests", reason="x"))) == (True, False)
    assert again.ended_by == "tester"
    assert ChangeEvent.objects.filter(action=Action.RESTRICTION_LIFTED).count() == 1


def test_a_date_must_lie_ahead(encounter):
    with pytest.raises(ValidationError, match="passed"):
        restrict(encounter, until=timezone.now())
    assert restrict(encounter, until=timezone.now() + timedelta(minutes=1)).is_due is False


def test_a_date_that_has_passed_serves_nothing_until_the_restriction_is_lifted(api, encounter):
    restriction = restrict(encounter, until=timezone.now() + timedelta(minutes=1))
    assert not Restriction.objects.due().exists()
    Restriction.objects.update(until=timezone.now() - timedelta(seconds=1))
    restriction.refresh_from_db()
    assert (restriction.is_due, [*Restriction.objects.due()]) == (True, [restriction])
    assert listed(api) == ([], 0)
    restriction.lift(CHANGE)
    assert (restriction.is_due, [*Restriction.objects.due()], listed(api)[1]) == (False, [], 1)


def test_the_database_holds_a_restriction_to_one_subject_and_an_end_to_a_name(encounter):
    given = {"organization": encounter.organization, "restricted_by": "tester", "reason": "x"}
    for wrong_values in (
        {},
        {"encounter": encounter, "patient": encounter.patient},
        {"patient": encounter.patient, "ended_at": timezone.now()},
        {"patient": encounter.patient, "ended_by": "somebody"},
    ):
        with pytest.raises(IntegrityError), transaction.atomic():
            Restriction.objects.create(**given | wrong_values)


def test_totals_stay_exact_in_every_window(encounter, other):
    restrict(encounter)
    owner, at = encounter.organization, encounter.created_at
    windows = [(None, None), (at, None), (None, at), (at, at + timedelta(seconds=1))]
    assert [kept(owner, *window) for window in windows] == [true(owner, *window) for window in windows] == [1, 1, 0, 0]


def test_an_encounter_without_a_patient_can_be_restricted(organization):
    encounter = EncounterFactory(organization=organization, patient=None)
    restrict(encounter)
    facts = {"encounter_id": encounter.public_id, "until": None}
    assert ChangeEvent.objects.get(action=Action.RECORD_RESTRICTED).after == facts
