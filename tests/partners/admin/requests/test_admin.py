"""The list of requests: who sees it, what it shows, how calls that were refused alike stand together, the search."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from partners.record import pages
from tests.factories import OrganizationFactory, RequestRecordFactory, issue
from tests.partners.support.diagnosing import text_of
from tests.partners.support.staff import statements

pytestmark = pytest.mark.django_db
LIST, FIND = "/admin/partners/requestrecord/", "/admin/partners/requestrecord/find/"


@pytest.fixture
def key(organization):
    return issue(organization, label="EHR sync")[0]


def refused(key, ago=0, **values):
    values = {"status": 403, "reason_code": "missing_scope", "query": ""} | values
    return RequestRecordFactory(api_key=key, occurred_at=timezone.now() - timedelta(minutes=ago), **values)


def test_a_call_is_one_row(support, key):
    record = RequestRecordFactory(api_key=key, encounters=[1, 2, 3], microseconds=12_345, new_network=True)
    page = support.get(LIST)
    for told in (
        key.public_part,
        "EHR sync",
        key.organization.name,
        "GET encounters.list",
        "Served, 200",
        "12 ms",
        "just now",
        "New",
    ):
        assert told in text_of(page)
    assert f'href="{LIST}{record.request_id}/"' in page.text


def test_a_refusal_is_readable_without_colour_and_links_to_its_cause(support, key):
    record = refused(key, microseconds=1_540)
    page = support.get(LIST)
    assert "Refused, 403 missing_scope Why?" in text_of(page)
    assert "1.5 ms" in text_of(page)
    assert f'href="/admin/diagnosis/?call={record.request_id}"' in page.text


def test_a_call_without_an_organization_has_none(support):
    refused(issue(None)[0], reason_code="org_scope_only_required")
    assert "None" in text_of(support.get(LIST))


def test_a_patient_is_not_in_the_list(support, key):
    RequestRecordFactory(api_key=key, encounters=[987_654_321], patients=[123_456_789])
    page = support.get(LIST).text
    assert not any(pk in page for pk in ("987654321", "123456789"))


def runs_of(page) -> list[int]:
    return [len(group.calls) for group in page.context["groups"]]


def test_identical_refusals_are_grouped_and_each_is_linked(support, key):
    records = [refused(key, ago) for ago in range(3)]
    page = support.get(LIST)
    assert runs_of(page) == [3]
    assert "× 3" in text_of(page)
    assert all(f'href="{LIST}{record.request_id}/"' in page.text for record in records)


@pytest.mark.parametrize(
    "other",
    [
        {"reason_code": "route_not_allowed"},
        {"route": "encounters.detail"},
        {"method": "HEAD"},
        {"status": 200, "reason_code": ""},
    ],
)
def test_another_call_ends_a_group(support, key, other):
    refused(key, 1)
    refused(key, 2, **other)
    refused(key, 3)
    assert runs_of(support.get(LIST)) == [1, 1, 1]


def test_another_key_ends_a_group_and_served_calls_are_not_grouped(support, key):
    refused(key, 1)
    refused(issue(key.organization)[0], 2)
    for ago in (3, 4):
        RequestRecordFactory(api_key=key, occurred_at=timezone.now() - timedelta(minutes=ago))
    assert runs_of(support.get(LIST)) == [1, 1, 1, 1]


def test_pages_lead_on_and_back_with_their_filters(support, key, monkeypatch):
    monkeypatch.setattr(pages, "PER_PAGE", 2)
    for ago in range(5):
        RequestRecordFactory(api_key=key, occurred_at=timezone.now() - timedelta(minutes=ago))
    first = support.get(f"{LIST}?status=200")
    assert ('rel="prev"' in first.text, 'rel="next"' in first.text) == (False, True)
    second = support.get(f"{LIST}?status=200&time=24h&older={first.context['older']}")
    assert f'href="?status=200&amp;time=24h&amp;newer={second.context["newer"]}"' in second.text
    third = support.get(f"{LIST}?status=200&older={second.context['older']}")
    back = support.get(f"{LIST}?status=200&newer={third.context['newer']}")
    assert rows_of(back) == rows_of(second)
    assert len({*rows_of(first), *rows_of(second), *rows_of(third)}) == 5


def rows_of(page):
    return [call.pk for group in page.context["groups"] for call in group.calls]


def test_a_search_that_broke_off_says_how_far_it_looked(support, key, monkeypatch):
    monkeypatch.setattr(pages, "LOOKED_AT", 1)
    for ago in (1, 2, 3):
        refused(key, ago)
    page = support.get(f"{LIST}?route=documents.audio")
    assert "There may be older matches." in text_of(page)
    assert "Search further back" in text_of(page)
    assert "matches these filters" not in text_of(page)


@pytest.mark.parametrize(
    ("query", "told"),
    [("", "No call with a known key in the last 24 hours."), ("?code=refused", "matches these filters")],
)
def test_an_empty_list_says_what_is_never_in_it(support, query, told):
    page = text_of(support.get(LIST + query))
    assert told in page
    assert "Show all times" in page
    assert "Calls without a valid key are not listed here" in page
    assert "Show all times" not in text_of(support.get(f"{LIST}?time=all"))


def test_statements_do_not_grow_with_the_list(support, key):
    RequestRecordFactory(api_key=key)
    one = statements(support, f"{LIST}?route=encounters.list")
    for _ in range(20):
        RequestRecordFactory(api_key=issue(OrganizationFactory())[0])
    assert statements(support, f"{LIST}?route=encounters.list") == one


def test_markup_in_names_is_shown_and_not_run(support):
    key = issue(OrganizationFactory(name="<b>bold</b>"), label="<script>alert(1)</script>")[0]
    record = RequestRecordFactory(api_key=key)
    for page in (LIST, f"{LIST}{record.request_id}/"):
        assert not any(markup in support.get(page).text for markup in ("<script>alert", "<b>bold"))


def test_people_who_may_see_only_requests_get_no_other_links(key):
    person = User.objects.create_user("auditor", is_staff=True)
    person.user_permissions.add(permission("view_requestrecord"))
    client = Client()
    client.force_login(person)
    record = refused(key)
    for page in (LIST, f"{LIST}{record.request_id}/"):
        answer = client.get(page)
        assert key.public_part in answer.text
        assert not any(url in answer.text for url in ("/apikey/", "/organization/", "/diagnosis/"))


def permission(codename: str):
    from django.contrib.auth.models import Permission

    return Permission.objects.get(codename=codename)


def test_people_who_may_not_see_requests_see_none(key):
    client, record = Client(), refused(key)
    client.force_login(User.objects.create_user("nobody", is_staff=True))
    assert {client.get(page).status_code for page in (LIST, f"{LIST}{record.pk}/")} == {403}
    assert client.post(FIND, {"q": record.request_id}).status_code == 403


# The search -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("quote", ["{}", "  {} ", "X-Request-ID: {}", "x-request-id:{}"])
def test_a_request_id_leads_to_its_call(support, key, quote):
    record = refused(key)
    assert support.post(FIND, {"q": quote.format(record.request_id)}).url == f"{LIST}{record.request_id}/"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("req_0123", "A request id is req_ and 22 letters and digits."),
        ("", "A request id is req_"),
    ],
)
def test_a_page_for_nothing_found_says_what_that_means(support, text, told):
    answer = support.post(FIND, {"q": text}, follow=True)
    assert answer.redirect_chain == [(LIST, 302)]
    assert told in text_of(answer)


def test_a_token_in_the_search_is_not_repeated(support, token):
    answer = support.post(FIND, {"q": token}, follow=True)
    assert token not in answer.text + str(answer.redirect_chain)


def test_find_accepts_only_post(support):
    assert support.get(FIND).status_code == 405
