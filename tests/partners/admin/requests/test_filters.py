"""The filters of the list of requests: what each shows, how it is written into the address, and what cannot be read."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from partners.catalogue.reasons import Reason
from tests.factories import START, OrganizationFactory, RequestRecordFactory, issue
from tests.partners.support.diagnosing import text_of

pytestmark = pytest.mark.django_db
LIST = "/admin/partners/requestrecord/"


@pytest.fixture
def calls():
    """Calls of two partners, by name."""
    ours, theirs = (issue(OrganizationFactory(name=name))[0] for name in ("Lakeside", "Hillside"))

    def call(key, ago=1, code="", **values):
        status = Reason.coded(code).status if code else 200
        at = timezone.now() - timedelta(hours=ago)
        return RequestRecordFactory(api_key=key, occurred_at=at, status=status, reason_code=code, **values)

    return {
        "served": call(ours),
        "limit": call(ours, code="invalid_limit"),
        "scope": call(ours, code="missing_scope", route="encounters.detail"),
        "look": call(theirs, route="key.read"),
        "theirs": call(theirs),
        "days": call(theirs, ago=30, code="revoked_key"),
        "weeks": call(ours, ago=24 * 8),
        "months": call(ours, ago=24 * 40, code="missing_scope"),
    }


TODAY = {"served", "limit", "scope", "theirs", "look"}


@pytest.mark.parametrize(
    ("query", "shown"),
    [
        ("", TODAY),
        ("time=24h", TODAY),
        ("time=7d", TODAY | {"days"}),
        ("time=30d", TODAY | {"days", "weeks"}),
        ("time=all", TODAY | {"days", "weeks", "months"}),
        ("time=own", TODAY | {"days", "weeks", "months"}),
        ("organization=Hillside&time=all", {"theirs", "look", "days"}),
        ("organization=hill", {"theirs", "look"}),
        ("organization={organization}", {"theirs", "look"}),
        ("key={key}", {"served", "limit", "scope"}),
        ("key={part}", {"served", "limit", "scope"}),
        ("key={key}&organization=Hillside", set()),
        ("key={key}&code=missing_scope&time=all", {"scope", "months"}),
        ("route=encounters.detail", {"scope"}),
        ("route=key.read", {"look"}),
        ("status=200", {"served", "theirs", "look"}),
        ("status=403", {"scope"}),
        ("status=405", set()),
        ("status=422&organization=Lakeside", {"limit"}),
        ("code=refused", {"limit", "scope"}),
        ("code=refused&time=7d", {"limit", "scope", "days"}),
        ("code=invalid_limit", {"limit"}),
        ("code=invalid_limit&status=403", set()),
        ("code=invalid_limit&status=200", set()),
        ("code=missing_scope&organization=Lakeside&time=all", {"scope", "months"}),
    ],
)
def test_a_filter_shows_what_it_says(support, calls, query, shown):
    ours, theirs = calls["served"], calls["theirs"]
    page = support.get(
        f"{LIST}?{query}".format(
            organization=theirs.organization.public_id,
            key=ours.api_key.public_id,
            part=f"ch_sk_{ours.api_key.public_part}…",
        )
    )
    assert names(page, calls) == shown


@pytest.mark.skipif(connection.vendor != "sqlite", reason="PostgreSQL knows that there are few refusals")
@pytest.mark.parametrize("owner", ["key", "organization"])
@pytest.mark.parametrize("asked", ["code=refused", "code=invalid_limit", "status=422", "status=405"])
def test_refusals_are_not_looked_for_among_the_calls_served(support, calls, owner, asked):
    ids = {"key": calls["limit"].api_key.public_id, "organization": calls["limit"].organization.public_id}
    with CaptureQueriesContext(connection) as captured:
        support.get(f"{LIST}?time=all&{owner}={ids[owner]}&{asked}")
    assert "request_record_refusal_of" in plan(captured)


@pytest.mark.skipif(connection.vendor != "sqlite", reason="PostgreSQL knows that there are few such calls")
@pytest.mark.parametrize("owner", ["", "key", "organization"])
def test_calls_from_outside_networks_are_not_looked_for_among_all(support, calls, owner):
    ids = {"key": calls["limit"].api_key.public_id, "organization": calls["limit"].organization.public_id}
    with CaptureQueriesContext(connection) as captured:
        support.get(f"{LIST}?time=all&code=outside&{owner}={ids.get(owner, '')}")
    assert "request_record_outside" in plan(captured)


def plan(captured) -> str:
    """Return SQLite's plan of the statement that reads the calls."""
    [sql] = [each["sql"] for each in captured if '"partners_requestrecord"."request_id"' in each["sql"]]
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN QUERY PLAN {sql}")
        return str(cursor.fetchall())


@pytest.mark.parametrize(
    ("query", "shown"), [("", True), ("organization=Lakeside", True), ("organization=Hillside", False)]
)
def test_calls_from_outside_networks_are_shown_by_organization(support, calls, query, shown):
    key = calls["served"].api_key
    call = RequestRecordFactory(api_key=key, occurred_at=timezone.now(), outside_networks=True)
    page = support.get(f"{LIST}?code=outside&{query}")
    assert names(page, {"outside": call} | calls) == ({"outside"} if shown else set())


def names(page, calls) -> set[str]:
    return {name for name, call in calls.items() if f"{LIST}{call.request_id}/" in page.text}


def test_a_custom_time_includes_its_start_and_not_its_end(support):
    key = issue(OrganizationFactory())[0]
    made = {str(at): RequestRecordFactory(api_key=key, occurred_at=START + timedelta(hours=at)) for at in range(4)}
    page = support.get(f"{LIST}?time=own&start=2026-05-25T15:00:00&end=2026-05-25T17:00:00")
    assert names(page, made) == {"1", "2"}
    zoned = support.get(f"{LIST}?time=own&start=2026-05-25T18:00:00%2B02:00")
    assert names(zoned, made) == {"2", "3"}
    assert 'value="2026-05-25T16:00:00"' in zoned.text
    assert names(support.get(f"{LIST}?start=2026-05-25T15:00:00"), made) == set()


@pytest.mark.parametrize("start", ["2026-05-25T15:00", "0001-01-01T00:00", "9999-12-31T23:59"])
def test_a_time_of_ones_own_is_put_into_the_address_and_back_into_its_box(support, start):
    answer = support.post(LIST, {"time": "own", "start": start}, follow=True)
    assert answer.request["QUERY_STRING"] == f"time=own&start={start}:00".replace(":", "%3A")
    assert f'value="{start}:00"' in answer.text


def test_filters_are_put_into_the_address_by_ids(support, calls):
    key = calls["served"].api_key
    answer = support.post(LIST, {"organization": "lakeside", "key": key.public_part, "status": "403", "time": "7d"})
    organization = key.organization.public_id
    assert answer.url == f"{LIST}?organization={organization}&key={key.public_id}&status=403&time=7d"


def test_ids_in_the_url_are_shown_as_names(support, calls):
    key = calls["served"].api_key
    page = support.get(f"{LIST}?organization={key.organization.public_id}&key={key.public_id}").text
    assert 'value="Lakeside"' in page
    assert f'value="ch_sk_{key.public_part}…"' in page


def test_a_list_that_is_narrowed_can_be_cleared(support):
    clear = f'<a class="button" href="{LIST}">Clear</a>'
    assert [clear in support.get(f"{LIST}{query}").text for query in ("", "?time=24h", "?time=7d")] == [
        False,
        False,
        True,
    ]


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"organization": "Nowhere"}, "There is no organization with this name. Check the spelling."),
        ({"organization": "side"}, "Which of these? “Hillside”; “Lakeside”"),
        ({"key": "key_x"}, "Enter a key_… id or a 12-character public part."),
        ({"status": "999"}, "999 is not one of the available choices"),
        ({"time": "own", "start": "yesterday"}, "Enter a valid date/time."),
        ({"time": "own", "start": "0001-01-01T00:00+23:00"}, "Enter a valid date and time."),
        ({"time": "own", "start": "2026-05-25T14:00", "end": "2026-05-25T14:00"}, "The end must be after the start."),
    ],
)
@pytest.mark.parametrize("method", ["get", "post"])
def test_unreadable_input_shows_an_error_next_to_its_field(support, calls, method, given, told):
    answer = getattr(support, method)(LIST, given)
    assert (answer.status_code, answer.context.get("runs")) == (200, None)
    assert told in text_of(answer)
    assert "No call with a known key" not in text_of(answer)


def test_no_more_than_a_few_organizations_are_suggested(support):
    for number in range(6):
        OrganizationFactory(name=f"Branch {number}")
    assert "“Branch 4”; …" in text_of(support.get(LIST, {"organization": "branch"}))


@pytest.mark.parametrize("field", ["organization", "key"])
def test_a_token_in_a_box_is_not_repeated(support, token, field):
    page = support.post(LIST, {field: token})
    assert page.status_code == 200
    assert token[18:] not in page.text
    assert token[18:] not in str(page.headers)


def test_calls_that_came_to_no_route_can_be_listed(support, calls):
    stray = {"route": "", "resource": "/external/v1/encounter", "status": 404, "reason_code": "route_not_found"}
    RequestRecordFactory(api_key=calls["served"].api_key, occurred_at=timezone.now(), **stray)
    page = text_of(support.get(f"{LIST}?route=none"))
    assert "GET /external/v1/encounter" in page
    assert "invalid_limit" not in page.partition("Calls with known keys, newest first.")[2]


@pytest.mark.usefixtures("clock")
@pytest.mark.parametrize(
    ("given", "fault"),
    [({"start": "2026-05-25T12:00", "end": "2026-05-25T12:00"}, True), ({"start": "2026-05-25T11:59"}, False)],
)
def test_a_time_of_ones_own_has_some_length(support, given, fault):
    times = {"end": "2026-05-25T12:00"} | given
    page = support.get("/admin/partners/requestrecord/", {"time": "own"} | times)
    assert ("The end must be after the start." in page.text) == fault
