"""The list of changes and the page of one: what each shows, and how pages lead on."""

from datetime import UTC, datetime, timedelta

import pytest

from partners.admin.changes import filters
from partners.admin.lists.model_admin import LEFT_OUT
from partners.models import ChangeEvent
from partners.models.change import Action, Change
from partners.record import pages
from tests.factories import CHANGE, issue
from tests.partners.support import aged
from tests.partners.support.diagnosing import text_of
from tests.partners.support.staff import make_stale, statements

pytestmark = pytest.mark.django_db
LIST = "/admin/partners/changeevent/"
NOON = datetime(2026, 5, 25, 12, tzinfo=UTC)
MARKUP = "<script>alert(1)</script>"


def page_of(event) -> str:
    return f"{LIST}{event.pk}/change/"


@pytest.fixture
def revoked(organization) -> ChangeEvent:
    key = issue(organization, label="EHR sync")[0]
    key.revoke(Change(by="ada", source="198.51.100.7", reason="It leaked.\nSee the ticket.", ticket="OPS-7"))
    return ChangeEvent.objects.get(action=Action.KEY_REVOKED)


def test_an_entry_says_who_what_when_from_where_and_why(security, organization, revoked):
    said = text_of(security.get(LIST))
    for words in (
        "Key revoked",
        "State: active → revoked",
        organization.name,
        "EHR sync",
        "ada 198.51.100.7",
        "It leaked. See the ticket.",
        "Ticket OPS-7",
        f"{revoked.occurred_at:%H:%M:%S}",
    ):
        assert words in said


def test_a_page_shows_one_change(security, organization, revoked):
    page = security.get(page_of(revoked))
    said = text_of(page)
    assert "State active revoked" in said
    for words in ("Personada", "Address198.51.100.7", "Reason It leaked.See the ticket.", "Ticket OPS-7"):
        assert words in said
    key = revoked.api_key
    for address in (
        f"{LIST}?person=ada",
        f"{LIST}?organization={organization.public_id}",
        f"{LIST}?key={key.public_id}",
        f"{LIST}?kind=key_revoked",
        f"/admin/partners/apikey/{key.pk}/change/",
    ):
        assert f'href="{address}"' in page.text
    assert "<title>Key revoked · Partner access</title>" in " ".join(page.text.split())
    assert "History" not in page.text


def test_a_change_of_nothing_with_nothing_said_is_shown_too(security):
    event = aged.change(NOON, by="bob")
    said = text_of(security.get(page_of(event)))
    assert ("Reason None given" in said, "Before and after" in said) == (True, False)
    assert "– bob tests –" in text_of(security.get(f"{LIST}?person=bob"))


def test_what_a_change_did_not_have_before_is_a_dash(security):
    event = aged.change(NOON, after={"name": "Invented"}, before={"gone": ["a", "b"]})
    assert "Gone a, b – Name – Invented" in text_of(security.get(page_of(event)))


def test_a_page_shows_only_the_values_that_changed(security):
    before = {"contact_name": "Ada", "contact_email": "ada@example.com"}
    after = before | {"contact_name": "Ben"}
    event = aged.change(NOON, before=before, after=after)
    said = text_of(security.get(page_of(event)))
    assert "Before and after ValueBeforeAfter Contact Ada Ben" in said
    assert "ada@example.com" not in said


@pytest.mark.parametrize("text", ["0", "999999", "9" * 19, "abc", "-1"])
def test_no_change_is_found_by_another_id(security, text):
    assert security.get(f"{LIST}{text}/change/").status_code == 404


def test_the_history_of_a_change_is_its_page(security, revoked):
    assert security.get(f"{LIST}{revoked.pk}/history/").url == page_of(revoked)


def test_entries_are_grouped_by_day_and_each_day_leads_to_itself(security):
    for hours in (0, 1, 36):
        aged.change(NOON + timedelta(hours=hours))
    page = security.get(LIST)
    assert [(str(day), len(events)) for day, events in page.context["days"]] == [("2026-05-27", 1), ("2026-05-25", 2)]
    assert "Monday, 2026-05-25" in page.text
    assert "time=own&amp;start=2026-05-25&amp;end=2026-05-25" in page.text


def test_without_a_change_the_list_says_so(security):
    assert "No changes are recorded yet." in security.get(LIST).text
    assert "No change matches these filters." in security.get(f"{LIST}?person=ada").text


def test_a_parameter_that_is_not_a_filter_is_left_out_with_a_message(security):
    answer = security.get(f"{LIST}?person=ada&action__exact=key_issued&after__regex=x")
    assert answer["Location"] == f"{LIST}?person=ada"
    assert LEFT_OUT in security.get(answer["Location"]).text


def test_pages_lead_on_and_back_with_their_filters(security, monkeypatch):
    monkeypatch.setattr(filters, "PER_PAGE", 2)
    made = [aged.change(NOON + timedelta(minutes=minute), by="ada").pk for minute in range(5)]
    first = security.get(f"{LIST}?person=ada")
    assert ('rel="prev"' in first.text, 'rel="next"' in first.text) == (False, True)
    second = security.get(f"{LIST}?person=ada&older={first.context['older']}")
    third = security.get(f"{LIST}?person=ada&older={second.context['older']}")
    back = security.get(f"{LIST}?person=ada&newer={third.context['newer']}")
    assert pks(first) + pks(second) + pks(third) == made[::-1]
    assert pks(back) == pks(second)
    assert f'href="?person=ada&amp;time=all&amp;newer={second.context["newer"]}"' in second.text


def pks(page) -> list[int]:
    return [event.pk for _, events in page.context["days"] for event in events]


def test_a_search_that_broke_off_says_how_far_it_looked(security, monkeypatch):
    monkeypatch.setattr(pages, "LOOKED_AT", 1)
    for minute in range(3):
        aged.change(NOON + timedelta(minutes=minute))
    said = text_of(security.get(f"{LIST}?q=nothing"))
    assert ("There may be older matches." in said, "Search further back" in said) == (True, True)
    assert "No change matches" not in said


def test_markup_in_what_is_recorded_is_shown_as_text(security, organization):
    change = Change(by=MARKUP, source=MARKUP, reason=MARKUP, ticket=MARKUP)
    organization.set_contact(change, name=MARKUP, email="")
    event = ChangeEvent.objects.first()
    for path in (LIST, page_of(event), f"{LIST}?q=%3Cscript%3E"):
        page = security.get(path).text
        assert ("alert(1)" in page, "<script>alert" in page) == ("?q" not in path or "alert(1)" in page, False)


def test_filtering_asks_for_no_password(security):
    make_stale(security)
    assert security.post(LIST, {"person": "ada"}).url == f"{LIST}?person=ada&time=all"


def test_the_statements_of_a_change_do_not_depend_on_it(security, organization, revoked):
    organization.set_contact(CHANGE, name="Ada", email="")
    contact = ChangeEvent.objects.first()
    assert statements(security, page_of(revoked)) == statements(security, page_of(contact)) <= 8
