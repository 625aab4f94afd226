"""The contract of `GET /external/v1/changes` by situation: what changed, in pages, and which cursors are taken.

It states the answers anew and imports no policy, so a rule that is lost there fails here.
"""

from datetime import UTC, datetime

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from encounters.api.cursors import Cursor
from encounters.models import ChangeHorizon, Encounter, EncounterChange
from tests.api import CHANGES, LIST, Api
from tests.encounters.support.logged import forget
from tests.factories import EncounterFactory, OrganizationFactory, issue

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("settled")]
NOON = datetime(2026, 5, 25, 12, tzinfo=UTC)
IDS = [f"enc_{number:022}" for number in range(10)]


def log(organization, *changes):
    """Log changes as `(encounter, change)`, one position each. The last change of an encounter is how it is now."""
    Encounter.objects.bulk_create(
        EncounterFactory.build(
            organization=organization,
            patient=None,
            pk=pk,
            public_id=IDS[pk],
            withdrawn_at=NOON if change == "withdrawn" else None,
        )
        for pk, change in dict(changes).items()
    )
    forget()
    EncounterChange.objects.bulk_create(
        EncounterChange(
            organization=organization,
            position=position,
            encounter=encounter,
            public_id=IDS[encounter],
            change=change,
            changed_at=NOON,
        )
        for position, (encounter, change) in enumerate(changes, 1)
    )


def page(api, cursor=None, **query):
    """Return a page of changes."""
    query |= {} if cursor is None else {"cursor": cursor}
    response = api.get(CHANGES, "&".join(f"{name}={value}" for name, value in query.items()))
    assert response.status_code == 200, response.content
    return response.json()


def pointers(told):
    return [(each["encounter_id"], each["change"]) for each in told["items"]]


def everything(api, **query):
    """Return all changes, page by page."""
    told = page(api, **query)
    found = [told]
    while told["has_more"]:
        told = page(api, told["next_cursor"], **query)
        found.append(told)
    return found


def test_the_shape_key_by_key(organization, api):
    log(organization, (1, "available"))
    response = api.get(CHANGES)
    told = response.json()
    assert [*told] == ["items", "next_cursor", "has_more"]
    assert told["items"] == [{"encounter_id": IDS[1], "change": "available", "changed_at": "2026-05-25T12:00:00Z"}]
    assert [*told["items"][0]] == ["encounter_id", "change", "changed_at"]
    assert told["has_more"] is False


def test_what_is_stored_becomes_a_change(organization, api):
    encounter = EncounterFactory(organization=organization)
    assert pointers(page(api)) == [(encounter.public_id, "available")]


def test_pages_follow_each_other_without_a_gap(organization, api):
    log(organization, *((number, "updated") for number in range(7)))
    found = everything(api, limit=3)
    assert [len(each["items"]) for each in found] == [3, 3, 1]
    assert [pointer for each in found for pointer in pointers(each)] == [(IDS[each], "updated") for each in range(7)]


def test_a_full_page_that_is_the_last_has_no_more(organization, api):
    log(organization, *((number, "updated") for number in range(3)))
    assert [len(each["items"]) for each in everything(api, limit=3)] == [3]


def test_a_page_has_an_encounter_once_with_its_latest_change(organization, api):
    log(organization, (1, "available"), (2, "available"), (1, "updated"), (2, "withdrawn"), (3, "available"))
    assert pointers(page(api)) == [(IDS[1], "updated"), (IDS[2], "withdrawn"), (IDS[3], "available")]
    assert pointers(page(api, limit=3)) == [(IDS[2], "withdrawn"), (IDS[1], "updated")]


def test_a_change_tells_how_its_encounter_is_now(organization, api):
    """Of two changes that are committed at the same time, the last in the log may be the first that was made."""
    log(organization, (1, "available"), (2, "withdrawn"), (3, "updated"), (4, "updated"), (5, "available"))
    later = {1: {"withdrawn_at": NOON}, 2: {"withdrawn_at": None}, 3: {"record_class": "demo"}}
    for pk, values in (later | {4: {"organization": OrganizationFactory()}}).items():
        Encounter.objects.filter(pk=pk).update(**values)
    changes = ["withdrawn", "available", "withdrawn", "withdrawn", "available"]
    assert pointers(page(api, limit=5)) == [*zip(IDS[1:6], changes, strict=True)]


def test_a_cursor_at_the_end_waits_for_what_comes(organization, api):
    end = page(api)
    assert (end["items"], end["has_more"]) == ([], False)
    assert page(api, end["next_cursor"]) == end
    log(organization, (1, "available"))
    assert pointers(page(api, end["next_cursor"])) == pointers(page(api)) == [(IDS[1], "available")]


def test_the_changes_of_another_organization_are_not_seen(api):
    log(OrganizationFactory(), (1, "available"))
    assert page(api)["items"] == []


def test_all_keys_of_an_organization_can_use_a_cursor(organization, api):
    log(organization, (1, "available"), (2, "available"))
    other = Api(issue(organization, label="Another system")[1])
    assert pointers(page(other, page(api, limit=1)["next_cursor"])) == [(IDS[2], "available")]


# Which queries are refused -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", ["0", "1001", "", "05", "+5", "-1", "5&limit=5", "x"])
def test_invalid_limits(api, text):
    assert api.refusal(CHANGES, f"limit={text}&cursor=x") == (422, "invalid_limit", "limit")


@pytest.mark.parametrize("limit", [1, 1000])
def test_the_ends_of_the_limit(api, limit):
    assert page(api, limit=limit)["items"] == []


def test_a_page_has_100_changes_by_default(organization, api):
    log(organization, *((number % 10, "updated") for number in range(101)))
    assert page(api)["has_more"] is True


@pytest.mark.parametrize("query", ["offset=0", "start_at=2026-05-25T14:00:00Z", "sort_order=asc", "Cursor=x", "after="])
def test_unknown_parameters(api, query):
    assert api.refusal(CHANGES, f"limit=0&{query}") == (400, "unsupported_filter", query.partition("=")[0])


def forged(organization):
    """Return texts that are no cursors of ours."""
    cursor = str(Cursor(0, organization.pk, 1, 0))
    flipped = ("A" if cursor[0] != "A" else "B") + cursor[1:]
    return [
        *("", "x", "0", "1" * 64, "%00" * 64, "é" * 64),
        cursor[:-1],
        f"{cursor}x",
        f"{cursor}=",
        f"{cursor}%0A",
        flipped,
    ]


def test_what_is_no_cursor_of_ours(organization, api):
    for text in forged(organization):
        assert api.refusal(CHANGES, f"cursor={text}") == (422, "invalid_query", "cursor"), text


def test_a_cursor_that_is_sent_twice(organization, api):
    cursor = Cursor(0, organization.pk, 1, 0)
    assert api.refusal(CHANGES, f"cursor={cursor}&cursor={cursor}") == (422, "invalid_query", "cursor")


@pytest.mark.parametrize("era", [0, -1])
def test_a_cursor_of_another_organization_tells_nothing_of_it(api, era):
    stranger = OrganizationFactory()
    ChangeHorizon.objects.create(organization=stranger, position=5, encounter=5)
    for position in (1, 9):
        cursor = Cursor(era, stranger.pk, position, 0)
        assert api.refusal(CHANGES, f"cursor={cursor}") == (422, "invalid_query", "cursor")


def test_a_cursor_tells_nothing_of_its_place(organization):
    cursors = [str(Cursor(0, organization.pk, position, 0)) for position in range(20)]
    assert {len(each) for each in cursors} == {64}
    assert len({each[:8] for each in cursors}) == len({each[-8:] for each in cursors}) == 20


def test_a_refused_cursor_is_not_on_record(organization):
    key, token = issue(organization)
    Api(token).get(CHANGES, "cursor=x")
    assert (key.records.get().query, key.records.get().parameter) == ("", "cursor")


# Which cursors have expired ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("place", "valid"), [((4, 9), False), ((5, 4), False), ((5, 5), True), ((5, 6), True), ((6, 0), True)]
)
def test_a_cursor_expires_once_a_change_after_it_is_deleted(organization, api, place, valid):
    ChangeHorizon.objects.create(organization=organization, position=5, encounter=5)
    response = api.get(CHANGES, f"cursor={Cursor(0, organization.pk, *place)}")
    assert response.status_code == (200 if valid else 410)
    assert valid or (response.json()["reason_code"], response.json()["field"]) == ("cursor_expired", "cursor")


def test_without_a_cursor_nothing_has_expired_and_the_next_one_is_valid(organization, api):
    ChangeHorizon.objects.create(organization=organization, era=3, position=5, encounter=5)
    told = page(api)
    assert page(api, told["next_cursor"]) == told


@pytest.mark.parametrize("era", [-1, 1])
def test_a_cursor_of_another_era_has_expired(organization, api, era):
    assert api.refusal(CHANGES, f"cursor={Cursor(era, organization.pk, 9, 9)}") == (410, "cursor_expired", "cursor")


def test_an_invalid_limit_comes_before_an_expired_cursor(organization, api):
    cursor = Cursor(-1, organization.pk, 0, 0)
    assert api.refusal(CHANGES, f"cursor={cursor}&limit=0")[1] == "invalid_limit"
    assert api.refusal(CHANGES, f"cursor={cursor}&x=1")[1] == "unsupported_filter"


# What it costs, and what it leaves -----------------------------------------------------------------------------------


def test_a_page_takes_one_statement_beside_the_facts_and_the_record(organization, api):
    log(organization, *((number, "updated") for number in range(5)))
    api.get(CHANGES)
    with CaptureQueriesContext(connection) as captured:
        api.get(CHANGES)
    assert len(captured) == 3


@pytest.mark.parametrize(("method", "encounters"), [("GET", [1, 2]), ("HEAD", [])])
def test_a_page_discloses_that_encounters_exist_and_no_patients(organization, method, encounters):
    log(organization, (1, "available"), (2, "available"), (1, "updated"), (2, "updated"))
    key, token = issue(organization)
    Api(token).get(CHANGES, "limit=1000", method=method)
    record = key.records.get()
    assert (record.route, record.query, record.status) == ("changes.list", "limit=1000", 200)
    assert (record.encounters, record.patients, record.count) == (encounters, [], len(encounters))


def test_a_valid_cursor_is_on_record_so_that_staff_can_repeat_the_call(organization):
    key, token = issue(organization)
    cursor = Cursor(0, organization.pk, 1, 0)
    Api(token).get(CHANGES, f"cursor={cursor}")
    assert key.records.get().query == f"limit=100&cursor={cursor}"


def test_the_list_takes_no_cursor(organization, api):
    assert api.refusal(LIST, f"cursor={Cursor(0, organization.pk, 1, 0)}") == (400, "unsupported_filter", "cursor")
