"""The accounting of disclosures as Security asks for it: who may, what is shown and downloaded, what is on record."""

import csv
import io
import re
from datetime import UTC, datetime, timedelta

import pytest
from django.db import OperationalError
from django.utils import timezone

from partners.accounting.disclosures import DISCLOSED, Accounting
from partners.admin import disclosures
from partners.catalogue.routes import Route
from partners.models import ChangeEvent, Organization
from partners.models.change import Action
from tests.encounters.support.restricted import restrict
from tests.factories import CHANGE, DocumentFactory, issue
from tests.partners.support.diagnosing import text_of
from tests.partners.support.disclosing import Told, days
from tests.partners.support.staff import make_stale, page_of, signed_in

pytestmark = pytest.mark.django_db
PAGE = "/admin/disclosures/"
AT = datetime(2026, 5, 25, 14, tzinfo=UTC)


def given(told, **values) -> dict[str, str]:
    return {"patient": told.id, "reason": "a patient asks", "ticket": "T-1"} | values


def asked() -> list[ChangeEvent]:
    return list(ChangeEvent.objects.filter(action=Action.DISCLOSURES_ACCOUNTED))


@pytest.mark.parametrize(
    ("role", "status"), [(None, 403), ("Support", 403), ("Partner onboarding", 403), ("Security", 200)]
)
def test_only_security_may_ask(told, role, status):
    client = signed_in(role)
    assert client.get(PAGE).status_code == status
    assert client.post(PAGE, given(told)).status_code == status
    assert len(asked()) == (status == 200)
    assert (PAGE in client.get("/admin/").text) == (status == 200)


@pytest.mark.parametrize("file", [{}, {"file": "csv"}])
def test_an_accounting_takes_a_fresh_password(security, told, file):
    make_stale(security)
    assert "Confirm your password" in security.post(PAGE, given(told, **file)).text
    assert not asked()
    assert security.post(PAGE, given(told, **file, proof_of_password="invented")).status_code == 200
    assert len(asked()) == 1


def test_each_disclosure_is_shown_with_all_that_the_law_asks_for(security, told):
    told.organization.set_purpose(CHANGE, "Treatment")
    document = DocumentFactory(encounter=told.encounter())
    record = told.record(document.encounter, ago=days(0), route="documents.detail", document=document.pk)
    text = security.post(PAGE, given(told)).text
    for words in (
        told.id,
        told.organization.name,
        told.organization.public_id,
        f"{record.occurred_at:%Y-%m-%d %H:%M:%S}",
        told.key.label,
        told.key.public_part,
        DISCLOSED[Route.DOCUMENTS_DETAIL],
        document.encounter.public_id,
        document.public_id,
        "Treatment",
        record.request_id,
    ):
        assert words in text


def test_no_name_and_no_birth_date_is_shown(security, told):
    told.record(told.encounter())
    text = security.post(PAGE, given(told)).text
    assert told.patient.last_name not in text
    assert "1970" not in text


def test_the_page_shows_the_first_hundred_and_totals_all(security, told, monkeypatch):
    monkeypatch.setattr(disclosures, "SHOWN", 2)
    records = [told.record(ago=days(ago)) for ago in (3, 2, 1)]
    text = security.post(PAGE, given(told)).text
    assert [record.request_id in text for record in records] == [True, True, False]
    assert "The first 2 of 3" in text
    assert '<td data-label="Times" class="figure">3</td>' in text


def test_that_nothing_was_disclosed_is_said_and_on_record(security, told):
    assert "No data of this patient was disclosed" in security.post(PAGE, given(told)).text
    assert [event.after["number"] for event in asked()] == [0]


def test_an_encounter_that_became_another_patients_is_not_named(security, told):
    told.record(Told(told.organization).encounter(), Told(told.organization).encounter())
    assert "it was later moved to another patient" in security.post(PAGE, given(told)).text


def test_asking_is_on_record(security, told):
    told.record()
    security.post(PAGE, given(told))
    (event,) = asked()
    assert (event.by, event.source, event.organization) == ("Security-person", "127.0.0.1", told.organization)
    assert (event.reason, event.ticket) == ("a patient asks", "T-1")
    assert (event.after["patient_id"], event.after["number"], event.after["form"]) == (told.id, 1, "page")


def test_the_file_holds_all_and_is_on_record(security, told, monkeypatch):
    monkeypatch.setattr(disclosures, "SHOWN", 1)
    records = [told.record(ago=days(ago)) for ago in (3, 2, 1)]
    response = security.post(PAGE, given(told, file="csv"))
    lines = csv.DictReader(io.StringIO(response.getvalue().decode(), newline=""))
    assert [line["request_id"] for line in lines] == [record.request_id for record in records]
    assert response.headers["Content-Type"] == "text/csv; charset=utf-8; header=present"
    assert response.headers["Content-Disposition"] == f'attachment; filename="disclosures-{told.id}.csv"'
    assert "no-store" in response.headers["Cache-Control"]
    assert [(event.after["form"], event.after["number"]) for event in asked()] == [("CSV", 3)]


def test_the_page_leads_to_the_file_with_all_that_was_asked(security, told):
    response = security.post(PAGE, given(told, since="2026-01-01", until="2026-06-01"))
    for name, value in given(told, since="2026-01-01", until="2026-06-01").items():
        assert f'<input type="hidden" name="{name}" value="{value}"' in response.text
    assert '<button type="submit" name="file" value="csv">' in response.text


@pytest.mark.parametrize(
    ("period", "number"),
    [
        ({}, 1),
        ({"since": "2026-05-25", "until": "2026-05-25"}, 1),
        ({"since": "2026-05-25T14:00:01Z"}, 0),
        ({"until": "2026-05-24"}, 0),
    ],
)
def test_the_period_is_that_which_was_asked_for(security, told, period, number):
    told.record(at=AT)
    security.post(PAGE, given(told, **period))
    assert [event.after["number"] for event in asked()] == [number]


@pytest.mark.parametrize(
    ("values", "field", "message"),
    [
        ({"patient": ""}, "patient", "required"),
        ({"patient": "Jane Doe"}, "patient", "no patient with this id"),
        ({"patient": "pat_" + "0" * 22}, "patient", "no patient with this id"),
        ({"reason": " \n"}, "reason", "required"),
        ({"since": "25.05.2026"}, "since", "Enter a date"),
        ({"until": "tomorrow"}, "until", "Enter a date"),
        ({"since": "2026-05-26", "until": "2026-05-25"}, "since", "must begin before it ends"),
        ({"since": "2001-01-01"}, "since", "at most six years"),
        ({"ticket": "x" * 101}, "ticket", "at most 100"),
        ({"reason": "a\x07b"}, "reason", "control characters"),
    ],
)
def test_invalid_input_is_refused_next_to_its_field(security, told, values, field, message):
    response = security.post(PAGE, given(told, **values))
    assert message in " ".join(response.context["form"].errors[field])
    assert asked() == []


def test_a_blank_around_the_id_does_not_matter(security, told):
    security.post(PAGE, given(told, patient=f" {told.id} "))
    assert len(asked()) == 1


def test_a_patient_is_never_asked_for_in_a_url(security, told):
    text = security.get(f"{PAGE}?patient={told.id}&reason=x").text
    assert told.id not in text
    assert asked() == []


def test_a_token_given_by_mistake_is_dropped(security, told):
    _, token = issue(told.organization)
    response = security.post(PAGE, given(told, reason=f"it was {token}"))
    assert "This text held a token" in response.text
    assert token not in response.text


@pytest.mark.parametrize("file", [{}, {"file": "csv"}])
def test_a_search_that_takes_too_long_shows_an_error(security, told, monkeypatch, file):
    def cancelled(*_, **__):
        raise OperationalError("canceling statement due to statement timeout")
        yield

    monkeypatch.setattr(Accounting, "disclosures", cancelled)
    response = security.post(PAGE, given(told, **file))
    assert "or run manage.py account_disclosures" in response.text
    assert "canceling" not in response.text


def test_typed_text_is_escaped(security, told):
    Organization.objects.filter(pk=told.organization.pk).update(purpose="<b>Treatment</b>")
    told.record()
    assert "&lt;b&gt;Treatment" in security.post(PAGE, given(told)).text


@pytest.mark.parametrize(("role", "seen"), [("Support", False), ("Partner onboarding", False), ("Security", True)])
def test_people_who_may_not_ask_do_not_see_who_asked(told, security, role, seen):
    security.post(PAGE, given(told))
    client = security if role == "Security" else signed_in(role)
    text = client.get(page_of(told.organization, "changes")).text
    assert (told.id in text) == seen
    assert ("a patient asks" in text) == seen


def test_the_page_shows_what_is_restricted_and_what_was_disclosed_before(security, told):
    document = DocumentFactory(encounter=told.encounter())
    told.record(document.encounter)
    restrict(document.encounter), restrict(document.encounter.patient).lift(CHANGE)
    restrict(document, until=timezone.now() + timedelta(days=1))
    said = text_of(security.post(PAGE, given(told)))
    assert "Disclosures1 Restricted" in said
    encounter, moment = document.encounter, r"\d{4}-\d\d-\d\d \d\d:\d\d"
    for row, end in (
        (encounter, "UTC for good"),
        (encounter.patient, f"to {moment} UTC"),
        (document, f"until {moment} UTC"),
    ):
        assert re.search(f"{row.public_id} from {moment} {end}", said)
