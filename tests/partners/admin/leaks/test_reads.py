"""What a key read, as Security asks for it: a page or a file, with a reason, on record."""

import csv
import io

import pytest
from django.db import OperationalError

from partners.admin.leaks import reads as page
from partners.leaks import sheet
from partners.leaks.reads import Reads
from partners.models import ChangeEvent
from partners.models.change import Action
from tests.factories import DocumentFactory
from tests.partners.support.diagnosing import text_of
from tests.partners.support.staff import make_stale

pytestmark = pytest.mark.django_db
WHY = {"reason": "notice of a breach", "ticket": "T-1"}


def page_of(key) -> str:
    return f"/admin/partners/apikey/{key.pk}/reads/"


def asked() -> list[ChangeEvent]:
    return list(ChangeEvent.objects.filter(action=Action.DISCLOSURES_ACCOUNTED))


def test_the_page_shows_whose_data_the_key_read(security, told):
    document = DocumentFactory(encounter=told.encounter())
    told.record(document.encounter, route="documents.detail", document=document.pk)
    answer = security.post(page_of(told.key), WHY)
    for words in (told.id, document.encounter.public_id, document.public_id, "198.51.100.0/24", told.key.label):
        assert words in answer.text
    assert told.patient.last_name not in answer.text
    (event,) = asked()
    assert (event.api_key, event.reason, event.ticket) == (told.key, *WHY.values())
    assert event.after["form"] == "page"


def test_the_page_shows_the_first_and_the_file_has_all(security, told, monkeypatch):
    monkeypatch.setattr(page, "SHOWN", 2)
    encounters = [told.encounter() for _ in range(4)]
    told.record(*encounters)
    answer = security.post(page_of(told.key), WHY)
    assert "The first 2 of 4. The CSV has all of them." in text_of(answer)
    file = security.post(page_of(told.key), WHY | {"file": "csv"})
    assert file["Content-Disposition"] == f'attachment; filename="reads-{told.key.public_id}.csv"'
    header, *rows = csv.reader(io.StringIO(file.getvalue().decode()))
    assert header == [*sheet.COLUMNS]
    assert {row[5] for row in rows if row[4] == "encounter"} == {each.public_id for each in encounters}
    assert [event.after["form"] for event in reversed(asked())] == ["page", "CSV"]


def test_a_key_that_read_nothing_says_so(security, told):
    assert text_of(security.post(page_of(told.key), WHY)).count("None in this period.") == 4


def test_a_reason_is_required(security, told):
    assert "This field is required." in security.post(page_of(told.key), {}).text
    assert "Enter a date" in security.post(page_of(told.key), WHY | {"since": "never"}).text
    assert not asked()


@pytest.mark.parametrize("name", ["support", "onboarding"])
def test_only_who_may_account_for_disclosures_may_ask(request, told, name):
    client = request.getfixturevalue(name)
    assert {client.get(page_of(told.key)).status_code, client.post(page_of(told.key), WHY).status_code} == {403}
    assert not asked()


def test_it_takes_a_fresh_password(security, told):
    make_stale(security)
    assert "Confirm your password" in security.post(page_of(told.key), WHY).text
    assert not asked()


def test_a_question_that_takes_too_long_says_what_to_do(security, told, monkeypatch):
    def fail(*arguments, **values):
        raise OperationalError

    monkeypatch.setattr(Reads, "ask", fail)
    assert "or run manage.py report_leak." in security.post(page_of(told.key), WHY).text
