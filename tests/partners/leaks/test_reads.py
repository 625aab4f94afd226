"""What keys read in a period: whose data were in the answers, each counted once, and from which networks."""

from datetime import UTC, datetime

import pytest
from django.core.exceptions import ValidationError
from django.db import connection
from django.test.utils import CaptureQueriesContext

from partners.accounting.periods import Period
from partners.leaks import reads
from partners.leaks.reads import Read, Reads
from partners.models import ChangeEvent
from partners.models.change import Action, Change
from tests.factories import CHANGE, DocumentFactory, OrganizationFactory, PatientFactory, issue
from tests.partners.support.disclosing import days

pytestmark = pytest.mark.django_db
AT = datetime(2026, 5, 25, 14, tzinfo=UTC)


def of(key, period=None) -> Reads:
    return reads.of_keys([key], period or Period.of())[key.pk]


def test_everything_is_counted_once_however_often_it_was_read(told):
    one, two = told.encounter(), told.encounter()
    other = PatientFactory(organization=told.organization)
    told.record(one, two, patients=[told.patient, other], ago=days(9))
    told.record(one, ago=days(3), address="198.51.100.200")
    last = told.record(one, ago=days(1), address="2001:db8::7")
    read = of(told.key)
    assert (read.calls, read.patients, read.encounters, read.documents, read.networks) == (3, 2, 2, 0, 2)
    assert read.last == last.occurred_at


@pytest.mark.postgresql
def test_documents_are_counted(told):
    documents = [DocumentFactory(encounter=told.encounter()) for _ in range(2)]
    for document in [*documents, documents[0]]:
        told.record(document.encounter, route="documents.detail", document=document.pk)
    assert of(told.key).documents == 2


@pytest.mark.parametrize(
    "values",
    [
        {"status": 403, "reason_code": "cross_organization_denied", "encounters": [2**40], "patients": [2**40]},
        {"method": "HEAD", "count": 0, "encounters": [], "patients": []},
        {"route": "key.read", "count": 0, "encounters": [], "patients": []},
    ],
    ids=["refused", "HEAD", "own key"],
)
def test_a_call_without_data_is_none(told, values):
    record = told.record(told.encounter(), count=1)
    type(record).objects.bulk_create([type(record)(**fields(record) | values)])
    assert (of(told.key).calls, of(told.key).numbers) == (1, dict.fromkeys(reads.KINDS, 1) | {"document": 0})


def fields(record) -> dict:
    own = {field.attname: getattr(record, field.attname) for field in record._meta.fields if field.name != "id"}
    return own | {"request_id": f"{record.request_id[:-3]}xyz", "address": "203.0.113.9"}


def test_only_the_period_and_the_key_count(told):
    told.record(told.encounter(), at=AT)
    period = Period.of(AT, AT.replace(hour=15))
    assert of(told.key, period).calls == 1
    assert of(told.key, Period.of(AT.replace(hour=13), AT)).numbers == dict.fromkeys(reads.KINDS, 0)
    other = issue(told.organization)[0]
    told.record(told.encounter(), at=AT, api_key=other)
    both = reads.of_keys([told.key, other], period)
    assert [both[key.pk].encounters for key in (told.key, other)] == [1, 1]
    assert reads.of_keys([], period) == {}


def test_each_is_told_with_its_first_and_last_call(told):
    one, two = told.encounter(), told.encounter()
    first, last = (told.record(one, ago=days(ago), address=f"198.51.100.{ago}") for ago in (5, 2))
    only = told.record(two, ago=days(3), address="203.0.113.4")
    span = first.occurred_at, last.occurred_at
    read = of(told.key)
    assert [*read.each("encounter")] == [
        Read("encounter", one.public_id, *span, 2),
        Read("encounter", two.public_id, only.occurred_at, only.occurred_at, 1),
    ]
    assert [*read.each("patient")] == [Read("patient", told.id, *span, 3)]
    assert [*read.each("network")] == [
        Read("network", "198.51.100.0/24", *span, 2),
        Read("network", "203.0.113.0/24", only.occurred_at, only.occurred_at, 1),
    ]
    assert [each.id for each in read.each("encounter", 1)] == [one.public_id]
    assert [each.id for each in read.each("network", 1)] == ["198.51.100.0/24"]


def test_each_document_is_told(told):
    documents = [DocumentFactory(encounter=told.encounter()) for _ in range(3)]
    for ago, document in enumerate(documents):
        told.record(document.encounter, ago=days(9 - ago), route="documents.detail", document=document.pk)
    read = of(told.key)
    assert [each.id for each in read.each("document")] == [each.public_id for each in documents]
    assert [each.id for each in read.each("document", 2)] == [each.public_id for each in documents[:2]]


def test_what_is_no_longer_stored_is_told_without_its_id(told):
    encounter = told.encounter()
    told.record(encounter)
    encounter.delete()
    assert [each.id for each in of(told.key).each("encounter")] == [None]


def test_many_are_told_in_chunks(told, monkeypatch):
    monkeypatch.setattr(reads, "CHUNK", 2)
    encounters = [told.encounter() for _ in range(5)]
    told.record(*encounters)
    assert {each.id for each in of(told.key).each("encounter")} == {each.public_id for each in encounters}


def test_a_list_that_was_read_again_counts_each_time_for_what_is_in_it(told):
    one, two = told.encounter(), told.encounter()
    calls = [told.record(one, two, ago=days(ago)) for ago in (3, 2, 1)]
    told.record(one, ago=days(4))
    read = of(told.key)
    assert read.encounters == 2
    assert {each.id: each.calls for each in read.each("encounter")} == {one.public_id: 4, two.public_id: 3}
    assert [each.last for each in read.each("encounter")] == [calls[-1].occurred_at] * 2


def test_who_asks_is_on_record(told):
    told.record(told.encounter())
    read = Reads.ask(CHANGE, told.key, Period.of(AT), form="page")
    event = ChangeEvent.objects.get(action=Action.DISCLOSURES_ACCOUNTED)
    assert (event.api_key, event.organization, event.reason) == (told.key, told.organization, CHANGE.reason)
    assert event.after == {
        "from": AT.isoformat(),
        "to": read.period.end.isoformat(),
        "patient": 1,
        "encounter": 1,
        "document": 0,
        "network": 1,
        "form": "page",
    }
    with pytest.raises(ValidationError, match="reason"):
        Reads.ask(Change(by="tester", source="tests"), told.key, Period.of(), form="page")


@pytest.mark.parametrize("number", [1, 4])
def test_the_ledger_is_walked_through_once_for_any_number_of_keys(told, number):
    keys = [told.key, *(issue(OrganizationFactory())[0] for _ in range(3))]
    for key in keys:
        told.record(told.encounter(), api_key=key)
    with CaptureQueriesContext(connection) as captured:
        assert len(reads.of_keys(keys[:number], Period.of())) == number
    assert sum("partners_requestrecord" in each["sql"] for each in captured) == 1


@pytest.mark.postgresql
@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite has no such limit")
def test_postgresql_gets_memory_before_it_counts(told):
    with CaptureQueriesContext(connection) as captured:
        of(told.key)
    assert ["work_mem" in each["sql"] for each in captured if "SAVEPOINT" not in each["sql"]] == [True, False]
