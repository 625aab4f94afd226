"""The report of all API keys: its lines, its filters, and that it needs one statement for any number of keys."""

import csv
from datetime import UTC, datetime, timedelta
from io import StringIO

import pytest
from django.utils import timezone

from partners.catalogue.routes import Route, Scope
from partners.models import ApiKey, KeyUse, Organization
from partners.review import key_report
from tests.factories import CHANGE, OrganizationFactory, issue
from tests.partners.support.command_line import refused, run, run_json

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


def lines(*arguments: str) -> list[dict]:
    return run_json("report_keys", *arguments)["keys"]


def labels(*arguments: str) -> list[str]:
    return [line["label"] for line in lines(*arguments)]


def rows(*arguments: str) -> list[dict]:
    return list(csv.DictReader(StringIO(run("report_keys", *arguments))))


def aged(key: ApiKey, **facts) -> ApiKey:
    """Set values that time or calls would change."""
    ApiKey.objects.filter(pk=key.pk).update(**facts)
    return key


def under(number: int, organization: Organization) -> None:
    """Create a key under this digest key."""
    facts = {"label": f"{number}", "public_part": f"{number}" * 12, "digest": bytes(32), "digest_key_number": number}
    ApiKey.objects.create(organization=organization, **facts)


def use(key: ApiKey, *routes: Route) -> None:
    now = timezone.now()
    for route in routes:
        KeyUse.objects.create(api_key=key, route=route.route_name, first_used_at=now, last_used_at=now)


@pytest.fixture
def many(organization):
    """Create keys labelled by the days since their last call, None for never."""
    now = timezone.now()
    for days in (None, 1, 89, 91):
        key, _ = issue(organization, label=f"{days}", expires_at=now + 400 * DAY)
        aged(key, created_at=now - 200 * DAY, last_used_at=days and now - days * DAY)


def test_a_line_has_every_fact_to_review(organization):
    now = timezone.now()
    key, _ = issue(organization, scopes=[Scope.PATIENTS_READ], expires_at=now + 10.5 * DAY)
    aged(key, created_at=now - 3.5 * DAY, last_used_at=datetime(2026, 5, 25, 14, tzinfo=UTC))
    line = lines()[0]
    for moment in ("created_at", "expires_at"):
        assert line.pop(moment).endswith("Z")
    assert line == {
        "organization": organization.name,
        "organization_id": organization.public_id,
        "key_id": key.public_id,
        "public_part": key.public_part,
        "test": False,
        "label": "Invented system",
        "state": "active",
        "age_days": 3,
        "last_used_at": "2026-05-25T14:00:00Z",
        "idle": "no" if now - datetime(2026, 5, 25, 14, tzinfo=UTC) < 90 * DAY else "yes",
        "last_rotated_at": None,
        "scopes": ["patients:read"],
        "unused_scopes": ["patients:read"],
        "calls_per_minute": None,
        "days_left": 10,
        "digest_key": 2,
        "digest_key_state": "active",
        "owner": "",
        "tags": [],
        "note": "",
    }


@pytest.mark.postgresql
def test_csv_has_the_same_columns_and_no_secret(organization):
    key, token = issue(organization)
    aged(key, label="=cmd|' /C calc'!A0\x1b[2J")
    (row,) = rows()
    assert tuple(row) == key_report.COLUMNS == tuple(lines()[0])
    assert row["label"] == r"'=cmd|' /C calc'!A0\x1b[2J"
    assert (row["test"], row["expires_at"], row["digest_key"]) == ("no", "", "2")
    assert row["scopes"] == "documents:read encounters:read patients:read recordings:read"
    assert token[18:] not in run("report_keys")
    assert bytes(key.digest).hex() not in run("report_keys")


def test_missing_values_are_empty_cells(settings):
    settings.ACCEPT_TEST_KEYS = True
    issue(None, scopes=[], is_test=True)
    (row,) = rows()
    empty = ("organization", "organization_id", "last_used_at", "scopes", "unused_scopes", "expires_at", "days_left")
    assert [row[column] for column in empty] == [""] * len(empty)
    assert (row["test"], row["idle"]) == ("yes", "never used")


@pytest.mark.parametrize(
    ("used", "unused"),
    [
        ([], ["documents:read", "encounters:read", "patients:read", "recordings:read"]),
        ([Route.KEY_READ], ["documents:read", "encounters:read", "patients:read", "recordings:read"]),
        ([Route.ENCOUNTERS_LIST], ["recordings:read"]),
        ([Route.ENCOUNTERS_LIST, Route.ENCOUNTERS_DETAIL], ["recordings:read"]),
        ([*Route], []),
    ],
)
def test_a_scope_is_used_once_a_route_that_requires_it_was_served(organization, used, unused):
    key, _ = issue(organization)
    use(key, *used)
    KeyUse.objects.create(api_key=key, route="left.long.ago", first_used_at=timezone.now(), last_used_at=timezone.now())
    assert lines()[0]["unused_scopes"] == unused
    assert bool(labels("--unused-scopes")) is bool(unused)


def test_a_rotation_counts_for_both_keys(organization):
    key, _ = issue(organization)
    successor, _ = key.rotate(CHANGE)
    key.refresh_from_db()
    both = [datetime.fromisoformat(line["last_rotated_at"]) for line in lines()]
    assert both == [key.rotated_at, successor.created_at]


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ([], ["None", "1", "89", "91"]),
        (["--idle"], ["None", "91"]),
        (["--idle", "88"], ["None", "89", "91"]),
        (["--idle", "0"], ["None", "1", "89", "91"]),
    ],
)
def test_a_key_without_recent_calls_is_idle(many, arguments, expected):
    assert labels(*arguments) == expected


def test_each_line_says_whether_the_key_is_idle(many):
    assert [line["idle"] for line in lines()] == ["never used", "no", "no", "yes"]
    assert [line["idle"] for line in lines("--idle", "88")] == ["never used", "yes", "yes"]


def test_an_expired_key_has_no_days_left(organization):
    key, _ = issue(organization, expires_at=timezone.now() + DAY)
    aged(key, created_at=timezone.now() - 9 * DAY, expires_at=timezone.now() - 3 * DAY)
    assert [(line["state"], line["days_left"]) for line in lines()] == [("expired", 0)]


def test_expiring_keys_are_active_ones(organization):
    now = timezone.now()
    for days in (5, 29, 31):
        issue(organization, label=f"{days}", expires_at=now + days * DAY)
    issue(organization, label="disabled", expires_at=now + DAY)[0].disable(CHANGE)
    issue(organization, label="endless")
    assert labels("--expiring") == ["5", "29"]
    assert labels("--expiring", "6") == ["5"]


def test_a_digest_key_is_current_older_or_not_loaded(organization):
    for number in (1, 2, 9):
        under(number, organization)
    assert [line["digest_key_state"] for line in lines()] == ["verify-only", "active", "retired"]
    assert labels("--digest-key", "9") == ["9"]


def test_filters_are_combined(organization):
    issue(organization, label="mine")
    issue(organization, label="revoked")[0].revoke(CHANGE)
    issue(OrganizationFactory(), label="theirs")
    assert labels("--state", "revoked") == ["revoked"]
    assert labels("--organization", organization.name, "--state", "active") == ["mine"]


@pytest.mark.parametrize(
    "arguments",
    [
        ["--idle=-1"],
        ["--idle", "x"],
        ["--idle", "٣"],
        ["--expiring", "99999999999"],
        ["--digest-key", "x"],
        ["--state", "lost"],
        ["--organization", "Nobody"],
    ],
)
def test_an_invalid_filter_is_refused(arguments):
    assert refused("report_keys", *arguments)


def test_the_summary_counts_by_state_and_digest_key(many, organization):
    issue(organization)[0].disable(CHANGE)
    under(1, organization)
    assert run_json("report_keys")["summary"] == {
        "keys": 6,
        "states": {"active": 5, "disabled": 1},
        "idle": 4,
        "digest_keys": [{"number": 1, "state": "verify-only", "keys": 1}, {"number": 2, "state": "active", "keys": 5}],
    }


@pytest.mark.parametrize("number", [1, 12])
@pytest.mark.parametrize("form", [[], ["--json"]])
def test_two_statements_read_many_keys(organization, django_assert_num_queries, number, form):
    for _ in range(number):
        use(issue(organization)[0], Route.ENCOUNTERS_LIST)
    with django_assert_num_queries(2):
        run("report_keys", *form)
