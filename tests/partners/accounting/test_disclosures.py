"""The accounting of disclosures over records of every kind, and what is kept of the asking."""

import re
from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from partners.accounting import disclosures
from partners.accounting.disclosures import DISCLOSED, Accounting, Total
from partners.accounting.names import Names
from partners.accounting.periods import Period
from partners.accounting.purposes import Purposes
from partners.catalogue.routes import Route
from partners.models import ChangeEvent, RequestRecord
from partners.models.change import Action, Change
from tests.factories import CHANGE, DocumentFactory, EncounterFactory, OrganizationFactory, PatientFactory, issue
from tests.moments import AROUND, DAY, NONE, TICK
from tests.partners.support import aged
from tests.partners.support.counting import NOW
from tests.partners.support.disclosing import Told, days

pytestmark = pytest.mark.django_db
LIST, DETAIL = DISCLOSED[Route.ENCOUNTERS_LIST], DISCLOSED[Route.ENCOUNTERS_DETAIL]


def ask(told, period=None, change=CHANGE) -> Accounting:
    return Accounting.ask(change, told.id, period or Period.of(), form="page")


def test_a_disclosure_has_everything_that_the_law_requires(told):
    told.organization.set_purpose(CHANGE, "Treatment")
    document = DocumentFactory(encounter=told.encounter())
    record = told.record(document.encounter, ago=days(0), route="documents.detail", document=document.pk)
    (each,) = ask(told).disclosures()
    assert (each.occurred_at, each.key, each.purpose) == (record.occurred_at, told.key, "Treatment")
    assert each.what == DISCLOSED[Route.DOCUMENTS_DETAIL]
    assert (each.encounters, each.document) == ([document.encounter.public_id], document.public_id)
    assert each.request_id == record.request_id


def test_only_this_patients_encounters_of_an_answer_are_listed(told):
    stranger = EncounterFactory(organization=told.organization)
    first, second = told.encounter(), told.encounter()
    told.record(second, stranger, first, patients=[stranger.patient, told.patient])
    (each,) = ask(told).disclosures()
    assert each.encounters == [second.public_id, first.public_id]


def test_an_answer_about_other_patients_is_not_listed(told):
    stranger = EncounterFactory(organization=told.organization)
    told.record(stranger, patients=[stranger.patient])
    told.record(api_key=issue(told.organization)[0], patients=[stranger.patient], status=404, reason_code="x")
    assert ask(told).number == 0
    assert list(ask(told).disclosures()) == []


def test_a_primary_key_is_not_found_in_another_that_begins_with_it(told):
    told.record()
    beginning = PatientFactory(organization=told.organization, pk=told.patient.pk * 10 + 1)
    longer = Told.__new__(Told)
    longer.patient = beginning
    assert (ask(told).number, ask(longer).number) == (1, 0)


def test_an_encounter_moved_to_another_patient_is_listed_if_it_was_alone(told):
    moved, kept = told.encounter(), told.encounter()
    told.record(moved, route="encounters.detail", ago=days(3))
    told.record(moved, kept, ago=days(2))
    told.record(moved, EncounterFactory(organization=told.organization), ago=days(1))
    moved.patient = PatientFactory(organization=told.organization)
    moved.save()
    assert [each.encounters for each in ask(told).disclosures()] == [[moved.public_id], [kept.public_id], []]


def test_a_row_withdrawn_later_is_still_listed(told):
    encounter = told.encounter(withdrawn_at=timezone.now())
    told.patient.withdrawn_at = timezone.now()
    told.patient.save()
    told.record(encounter)
    assert [each.encounters for each in ask(told).disclosures()] == [[encounter.public_id]]


def test_each_disclosure_has_the_purpose_of_its_time(told):
    event = {"action": Action.PURPOSE_CHANGED, "organization": told.organization, "by": "x", "source": "x"}
    moment = timezone.now() - days(10)
    ChangeEvent.objects.create(occurred_at=moment, before={"purpose": ""}, after={"purpose": "Treatment"}, **event)
    told.record(ago=days(11))
    told.record(at=moment)
    told.record(ago=days(9))
    assert [each.purpose for each in ask(told).disclosures()] == ["not stated", "Treatment", "Treatment"]
    assert [(total.purpose, total.number) for total in ask(told).totals] == [("not stated", 1), ("Treatment", 2)]


def test_disclosures_come_in_the_order_of_time(told):
    records = [told.record(ago=days(ago)) for ago in (3, 9, 1)]
    in_order = [records[1].request_id, records[0].request_id, records[2].request_id]
    assert [each.request_id for each in ask(told).disclosures()] == in_order
    assert [each.request_id for each in ask(told).disclosures(2)] == in_order[:2]


def test_a_period_includes_its_first_moment_and_not_its_last(told):
    inside = told.record(ago=days(4))
    after = told.record(ago=days(2))
    period = Period(inside.occurred_at, after.occurred_at)
    assert [each.request_id for each in ask(told, period).disclosures()] == [inside.request_id]
    assert ask(told, period).number == 1
    assert ask(told, Period(inside.occurred_at + timedelta(microseconds=1), after.occurred_at)).number == 0


def test_totals_are_by_purpose_and_by_what_was_disclosed(told):
    old = told.record(ago=days(9))
    told.record(ago=days(5))
    last = told.record(ago=days(1), api_key=issue(told.organization)[0])
    one = told.record(ago=days(7), route="encounters.detail")
    assert ask(told).totals == [
        Total("not stated", LIST, old.occurred_at, last.occurred_at, 3),
        Total("not stated", DETAIL, one.occurred_at, one.occurred_at, 1),
    ]
    assert ask(told).number == 4


def test_a_purpose_that_came_back_is_totalled_once(told):
    changes = [(30, "Treatment", "Payment"), (20, "Payment", "Treatment")]
    for ago, before, after in changes:
        ChangeEvent.objects.create(
            occurred_at=timezone.now() - days(ago),
            action=Action.PURPOSE_CHANGED,
            organization=told.organization,
            by="x",
            source="x",
            before={"purpose": before},
            after={"purpose": after},
        )
    records = [told.record(ago=days(ago)) for ago in (40, 25, 10)]
    assert [(total.purpose, total.first, total.last, total.number) for total in ask(told).totals] == [
        ("Treatment", records[0].occurred_at, records[2].occurred_at, 2),
        ("Payment", records[1].occurred_at, records[1].occurred_at, 1),
    ]


def test_every_route_is_described_in_words():
    assert set(DISCLOSED) == set(Route.grantable())
    assert len(set(DISCLOSED.values())) == len(Route.grantable())


def test_a_route_that_left_the_catalogue_keeps_its_name(told):
    told.record(route="encounters.gone")
    assert [each.what for each in ask(told).disclosures()] == ["encounters.gone"]
    assert [total.what for total in ask(told).totals] == ["encounters.gone"]


def test_asking_is_on_record(told):
    told.record()
    asked = ask(told, change=Change("Invented Person", "tests", " a patient asks ", "T-1"))
    event = ChangeEvent.objects.first()
    assert (event.action, event.organization) == (Action.DISCLOSURES_ACCOUNTED, told.organization)
    assert (event.by, event.reason, event.ticket) == ("Invented Person", "a patient asks", "T-1")
    assert event.after == {
        "patient_id": told.id,
        "from": asked.period.start.isoformat(),
        "to": asked.period.end.isoformat(),
        "number": 1,
        "form": "page",
    }


def test_without_its_record_there_is_no_answer(told, monkeypatch):
    with pytest.raises(ValidationError):
        ask(told, change=Change("", "tests", "a test"))


def test_the_asking_is_committed_before_it_is_answered(committed):
    told = Told(OrganizationFactory())
    with pytest.raises(RuntimeError, match="durable"), transaction.atomic():
        ask(told)


@pytest.mark.parametrize("reason", ["", " \n"])
def test_without_a_reason_there_is_no_accounting(told, reason):
    with pytest.raises(ValidationError, match="reason for this request") as refusal:
        ask(told, change=Change("x", "tests", reason))
    assert refusal.value.code == "reason_required"
    assert not ChangeEvent.objects.filter(action=Action.DISCLOSURES_ACCOUNTED).exists()


@pytest.mark.parametrize("patient_id", ["", "Jane Doe", "pat_1", "pat_" + "0" * 22, "pat_\0", "enc_" + "0" * 22])
def test_a_patient_that_does_not_exist_is_refused(told, patient_id):
    with pytest.raises(ValidationError, match="no patient with this id") as refusal:
        Accounting.ask(CHANGE, patient_id, Period.of(), form="page")
    assert refusal.value.code == "patient_not_found"
    assert not ChangeEvent.objects.filter(action=Action.DISCLOSURES_ACCOUNTED).exists()


def test_the_number_of_statements_does_not_grow(told):
    few = statements(told)
    for _ in range(5):
        statements(told)
    assert statements(told) == few


def statements(told) -> int:
    """Return how many statements it takes once there is one more disclosure."""
    document = DocumentFactory(encounter=told.encounter())
    told.record(document.encounter, api_key=issue(told.organization)[0], document=document.pk)
    with CaptureQueriesContext(connection) as captured:
        assert list(ask(told).disclosures())
    return len(captured)


def test_many_disclosures_are_read_in_chunks(told, monkeypatch):
    monkeypatch.setattr(disclosures, "CHUNK", 2)
    encounter = told.encounter()
    records = [told.record(encounter, ago=days(ago)) for ago in (5, 4, 3, 2, 1)]
    found = list(ask(told).disclosures())
    assert [each.request_id for each in found] == [record.request_id for record in records]
    assert {tuple(each.encounters) for each in found} == {(encounter.public_id,)}


@pytest.mark.postgresql
def test_postgresql_finds_a_patient_by_the_index_of_patients(told):
    if connection.vendor != "postgresql":
        pytest.skip("SQLite has no such index")
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
    records = disclosures._records(told.patient.pk, told.organization, Period.of())[:100]
    indexes = re.findall(r"Scan (?:Backward )?using (\w+)|Bitmap Index Scan on (\w+)", records.explain())
    assert {"patients" in name for pair in indexes for name in pair if name} == {True}


def test_disclosures_to_another_organization_are_not_listed_for_this_one(told):
    told.record()
    told.record(api_key=issue(OrganizationFactory())[0])
    assert (ask(told).number, len(list(ask(told).disclosures()))) == (1, 1)


@pytest.mark.usefixtures("clock")
@pytest.mark.parametrize(("edge", "inside"), [("start", [NONE, TICK]), ("end", [-TICK])])
def test_an_accounting_holds_its_start_and_not_its_end(key, edge, inside):
    period = Period(NOW - DAY, NOW)
    rows = {tick: aged.request(key, getattr(period, edge) + tick, patients=[7]) for tick in (-TICK, NONE, TICK)}
    found = disclosures._records(7, key.organization, period)
    assert [*found] == [rows[tick] for tick in inside]


@pytest.mark.usefixtures("clock")
@AROUND
def test_a_purpose_holds_from_its_exact_moment(key, tick):
    aged.request(key, NOW + tick, patients=[7])
    purposes = Purposes([NOW], ["before", "after"])
    (total,) = disclosures._totals(RequestRecord.objects.all(), purposes, Names([]))
    assert total.purpose == ("before" if tick < NONE else "after")
