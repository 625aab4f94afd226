"""Staff activity as Security asks for it: who may, what is shown and downloaded, what is on record."""

import csv
import io

import pytest
from django.db import OperationalError

from partners.admin.staff import activity
from partners.models import ChangeEvent
from partners.models.change import Action, Change
from partners.review.staff.activity import Activity
from tests.partners.support.diagnosing import text_of
from tests.partners.support.staff import make_stale, signed_in

pytestmark = pytest.mark.django_db
PAGE = "/admin/staff-activity/"
GIVEN = {"person": "ada", "since": "2026-01-01", "reason": "a review", "ticket": "T-1"}


def done(times: int = 1, action: Action = Action.DISCLOSURES_ACCOUNTED) -> list[ChangeEvent]:
    for number in range(times):
        ChangeEvent.record(action, Change("ada", "198.51.100.9", f"reason {number}"), after={"patient_id": "pat_0"})
    return list(ChangeEvent.objects.filter(by="ada").order_by("-pk"))


def asked() -> list[ChangeEvent]:
    return list(ChangeEvent.objects.filter(action=Action.STAFF_ACTIVITY_SHOWN))


@pytest.mark.parametrize(
    ("role", "status"), [(None, 403), ("Support", 403), ("Partner onboarding", 403), ("Security", 200)]
)
def test_only_security_may_ask(role, status):
    client = signed_in(role)
    assert client.get(PAGE).status_code == client.post(PAGE, GIVEN).status_code == status
    assert len(asked()) == (status == 200)
    assert (PAGE in client.get("/admin/").text) == (status == 200)


def test_it_takes_a_fresh_password_and_a_reason(security):
    assert "This field is required" in security.post(PAGE, GIVEN | {"reason": ""}).text
    make_stale(security)
    assert "Confirm your password" in security.post(PAGE, GIVEN).text
    assert not asked()


def test_the_form_begins_with_ninety_days_and_the_person_of_the_link(security):
    form = security.get(f"{PAGE}?person=ada").context["form"]
    assert (form["person"].value(), len(form["since"].value())) == ("ada", 10)


def test_what_the_person_did_is_shown(security):
    (event,) = done()
    text = security.post(PAGE, GIVEN).text
    for words in ("Disclosures accounted for", "Records", "pat_0", "198.51.100.9", "reason 0"):
        assert words in text
    assert f"/admin/partners/changeevent/{event.pk}/change/" in text


def test_what_the_person_only_approved_is_shown_as_the_askers(security):
    ChangeEvent.record(Action.KEY_ISSUED, Change("bob", "203.0.113.5", approved_by="ada"))
    ChangeEvent.record(Action.KEY_REVOKED, Change("Ada", "198.51.100.9", approved_by="grace"))
    answer = security.post(PAGE, GIVEN)
    said = text_of(answer)
    assert "Done or approved" in said
    assert "by bob, approved by ada" in said
    assert "203.0.113.5" not in answer.text
    assert "198.51.100.9" in said
    assert "by Ada" not in said
    assert "by bob" in text_of(security.post(PAGE, GIVEN | {"person": "ADA"}))
    assert "203.0.113.5" in security.post(PAGE, GIVEN | {"person": "bob"}).text


def test_the_page_shows_the_newest_and_totals_all(security, monkeypatch):
    monkeypatch.setattr(activity, "SHOWN", 2)
    done(3)
    text = security.post(PAGE, GIVEN).text
    assert [f"reason {number}" in text for number in range(3)] == [False, True, True]
    assert "The newest 2 of 3" in text


def test_that_nothing_was_done_is_said_and_on_record(security):
    assert "Nothing is on record of this person" in security.post(PAGE, GIVEN).text
    assert [event.after["number"] for event in asked()] == [0]


def test_the_file_holds_all_and_is_on_record(security, monkeypatch):
    monkeypatch.setattr(activity, "SHOWN", 1)
    events = done(3)
    response = security.post(PAGE, GIVEN | {"file": "csv"})
    lines = csv.DictReader(io.StringIO(response.getvalue().decode(), newline=""))
    assert [line["change_id"] for line in lines] == [str(event.pk) for event in events]
    assert "staff-activity-" in response.headers["Content-Disposition"]
    assert [(event.after["form"], event.by) for event in asked()] == [("CSV", "Security-person")]


def test_a_report_that_takes_too_long_says_so(security, monkeypatch):
    def slow(*asked, **form):
        raise OperationalError("canceling statement due to statement timeout")

    monkeypatch.setattr(Activity, "ask", slow)
    assert "Choose a shorter period" in security.post(PAGE, GIVEN).text


def test_a_token_is_refused(security, token):
    assert token not in security.post(PAGE, GIVEN | {"person": token}).text
    assert not asked()
