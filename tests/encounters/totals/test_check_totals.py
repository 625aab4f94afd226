"""`check_totals`, run as by an operator or a scheduler."""

from contextlib import nullcontext
from datetime import UTC, datetime

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from encounters.management.commands import check_totals
from encounters.models import EncounterCount
from encounters.totals import counting, drift
from tests.encounters.support.counted import kept, store, wrong
from tests.factories import START, OrganizationFactory
from tests.partners.support.command_line import refused, run, run_json

pytestmark = pytest.mark.django_db
DIFFER = "The stored counts differ from the encounters. Correct them with --repair."
MAY = datetime(2026, 5, 1, tzinfo=UTC)


@pytest.fixture(autouse=True)
def own_folder(settings, tmp_path):
    settings.DATA_DIR = tmp_path


@pytest.fixture
def organization(db):
    """An organization with five encounters in May, one long ago, and others that are not served."""
    organization = OrganizationFactory()
    store(organization, 5), store(organization, 1, datetime(1969, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC))
    store(organization, 2, record_class="demo"), store(organization, 2, withdrawn_at=START)
    return organization


def plant(organization, grain, starts_at, matches, slot=0):
    """Make a count wrong by this number."""
    values = {"organization": organization, "grain": grain, "starts_at": starts_at, "slot": slot}
    count, _ = EncounterCount.objects.get_or_create(values | {"matches": 0}, **values)
    EncounterCount.objects.filter(pk=count.pk).update(matches=count.matches + matches)


def test_correct_counts_are_reported_without_an_error(organization):
    OrganizationFactory()
    assert run("check_totals").splitlines() == [
        "organizations     2",
        "months            2",
        "encounters        6",
        "months_differing  0",
        "repaired          no",
    ]


def test_a_difference_is_reported_with_its_month_and_fails_the_run(organization, capsys):
    plant(organization, "month", MAY, 3)
    with pytest.raises(CommandError, match=DIFFER):
        call_command("check_totals")
    told = capsys.readouterr().out.splitlines()
    assert told[0].split() == ["organization_id", "month", "kept", "true", "buckets"]
    assert told[1].split() == [organization.public_id, "2026-05", "8", "5", "1"]
    assert (kept(organization), "repaired          no" in told) == (9, True)


@pytest.mark.parametrize(
    ("grain", "starts_at"),
    [
        ("month", MAY),
        ("day", datetime(2026, 5, 25, tzinfo=UTC)),
        ("hour", datetime(2026, 5, 25, 14, tzinfo=UTC)),
        ("day", datetime(2026, 5, 26, tzinfo=UTC)),
        ("hour", datetime(1950, 1, 1, tzinfo=UTC)),
        ("month", datetime(2031, 1, 1, tzinfo=UTC)),
        ("month", datetime(2026, 5, 3, 7, tzinfo=UTC)),
        ("day", datetime(2026, 5, 3, 7, tzinfo=UTC)),
        ("hour", datetime(2026, 5, 3, 7, 30, tzinfo=UTC)),
        ("hour", datetime(1, 1, 1, tzinfo=UTC)),
        ("hour", datetime(9999, 12, 31, 23, tzinfo=UTC)),
    ],
)
@pytest.mark.parametrize("matches", [2, -9])
def test_any_wrong_bucket_is_found_and_repaired(organization, grain, starts_at, matches):
    plant(organization, grain, starts_at, matches)
    assert refused("check_totals") == DIFFER
    report = run_json("check_totals", "--repair")
    assert (report["months_differing"], report["repaired"]) == (1, True)
    assert [each["buckets"] for each in report["differences"]] == [1]
    assert (run_json("check_totals")["months_differing"], wrong(), kept(organization)) == (0, [], 6)


def test_an_organization_without_encounters_is_looked_at_too(organization):
    stranger = OrganizationFactory()
    plant(stranger, "month", MAY, 4)
    (difference,) = run_json("check_totals", "--repair")["differences"]
    assert difference == {"organization_id": stranger.public_id, "month": "2026-05", "kept": 4, "true": 0, "buckets": 1}
    assert kept(stranger) == 0


@pytest.mark.postgresql
def test_deleted_counts_are_restored(organization):
    EncounterCount.objects.all().delete()
    report = run_json("check_totals", "--repair")
    assert [(each["kept"], each["true"], each["buckets"]) for each in report["differences"]] == [(0, 1, 3), (0, 5, 3)]
    store(organization)
    assert (kept(organization), wrong()) == (7, [])


def test_slots_that_add_up_are_right(organization):
    for slot, matches in ((5, 40), (6, -40)):
        plant(organization, "day", START.replace(hour=0), matches, slot)
    assert run_json("check_totals")["months_differing"] == 0


def test_of_many_differences_the_first_are_listed_and_all_repaired(organization, monkeypatch):
    monkeypatch.setattr(check_totals, "LISTED", 1)
    EncounterCount.objects.all().delete()
    report = run_json("check_totals", "--repair")
    assert (report["months_differing"], len(report["differences"]), wrong()) == (2, 1, [])


def test_without_its_triggers_nothing_is_compared(organization):
    if connection.vendor == "postgresql":
        connection.check_constraints()
    counting.remove(connection)
    told = "The triggers that update the counts are missing. Run manage.py migrate to restore them and the counts."
    assert refused("check_totals") == refused("check_totals", "--repair") == told


def test_one_run_at_a_time(organization, monkeypatch):
    monkeypatch.setattr(check_totals, "only_run", lambda job: nullcontext(False))
    assert refused("check_totals", "--repair") == "Another run is in progress. Wait until it has finished."


def test_a_month_is_one_statement_and_no_row_of_an_encounter_is_fetched(organization, django_assert_num_queries):
    (old, may) = drift.months(organization.pk)
    with django_assert_num_queries(1):
        counts = drift.compared(organization.pk, may)
    assert [count[:1] + count[2:] for count in counts] == [("month", 5, 5)]
    assert f"{old.first:%Y-%m-%d}" == "1969-12-01"


def test_a_month_that_is_right_is_left_alone_without_a_transaction(organization, django_assert_num_queries):
    (_, may) = drift.months(organization.pk)
    with django_assert_num_queries(1):
        counts = drift.corrected(organization.pk, may)
    assert [count.grain for count in counts] == ["month"]
