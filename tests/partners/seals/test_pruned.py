"""Rows that were pruned are no fault, if their deletion is recorded and they were old enough."""

from typing import NamedTuple

import pytest
from django.db import connection
from django.utils import timezone

from partners.models import ChangeEvent, RequestRecord
from partners.models import seal as seals
from partners.models.change import Action, Change
from partners.partitions import making
from partners.partitions.months import month_of
from partners.partitions.present import FIRST, partitions
from partners.record.retention import Pruning
from partners.seals import sealing, verifying
from partners.seals.pruned import Pruned
from tests.factories import OrganizationFactory, issue
from tests.partners.support import aged
from tests.partners.support.months import add, execute
from tests.partners.support.sealed import as_owner

pytestmark = pytest.mark.django_db
BEFORE_ALL = "0001-01-01T00:00:00+14:00"  # in UTC, it would be in the year 0


class Rows(NamedTuple):
    """The ids of an old request, a young one, and an old change."""

    old: int
    young: int
    change: int


@pytest.fixture
def rows(db) -> Rows:
    """Return rows of a record that was sealed, with two requests and two changes that are due to be pruned."""
    key, old = issue(OrganizationFactory())[0], aged.cutoff(7)
    requests = [aged.request(key, at).pk for at in (old, old, timezone.now())]
    changes = [aged.change(at, reason="a reason").pk for at in (old, old, timezone.now())]
    sealing.seal()
    return Rows(requests[0], requests[2], changes[0])


def prune() -> None:
    Pruning(6, 10).run(Change(by="tester", source="tests"))


def found() -> tuple[list[str], int]:
    findings = verifying.verify()
    return [str(fault) for fault in findings.first.values()], findings.pruned


def test_pruned_rows_are_counted_and_no_fault(rows):
    prune()
    assert found() == ([], 4)
    sealing.seal()
    assert found() == ([], 4)


@pytest.mark.postgresql
@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite has one table")
@pytest.mark.parametrize("recorded", [True, False])
def test_a_month_that_was_dropped_whole_is_no_fault_if_that_is_recorded(db, recorded):
    month, ahead = month_of(aged.cutoff()), partitions(connection)[0].end
    execute(f"DROP TABLE {FIRST}")
    add(FIRST, None, month)
    add(f"{month:{making.MONTH}}", month, ahead)
    key = issue(OrganizationFactory())[0]
    old, _, _ = (aged.request(key, at).pk for at in (aged.cutoff(7), aged.cutoff(7), timezone.now()))
    sealing.seal()
    prune() if recorded else execute(f"DROP TABLE {FIRST}")
    assert FIRST not in [each.name for each in partitions(connection)]
    assert found() == (([], 2) if recorded else ([f"requests: row {old} was removed"], 0))


def test_a_deletion_that_nobody_recorded_is_a_fault(rows):
    as_owner(lambda: RequestRecord.objects.filter(pk=rows.old).delete())
    assert found() == ([f"requests: row {rows.old} was removed"], 0)


def test_a_younger_row_that_went_with_them_is_a_fault(rows):
    prune()
    as_owner(lambda: RequestRecord.objects.filter(pk=rows.young).delete())
    assert found() == ([f"requests: row {rows.young} was removed"], 4)


def test_an_old_row_that_was_altered_before_it_was_due_is_a_fault(rows):
    as_owner(lambda: ChangeEvent.objects.filter(pk=rows.change).update(reason="another"))
    assert found() == ([f"changes: row {rows.change} was altered"], 0)


@pytest.mark.parametrize("after", [[], {}, *({"older_than": at} for at in (None, "x", BEFORE_ALL))])
def test_a_record_of_a_deletion_that_says_nothing_covers_nothing(rows, after):
    as_owner(lambda: RequestRecord.objects.filter(pk=rows.old).delete())
    aged.change(timezone.now(), action=Action.RECORDS_PRUNED, after=after)
    assert found() == ([f"requests: row {rows.old} was removed"], 0)


def test_deletions_are_looked_up_only_for_rows_that_none_covers_yet(rows, key, monkeypatch):
    monkeypatch.setattr(seals, "FULL", 1)  # so nobody knows that these are too old for their place
    for _ in range(2):
        aged.request(key, aged.cutoff(7))
        sealing.seal()
    prune()
    looked_up, refresh = [], Pruned.refresh
    monkeypatch.setattr(Pruned, "refresh", lambda pruned: looked_up.append(refresh(pruned)))
    assert found() == ([], 6)
    assert len(looked_up) == 1
