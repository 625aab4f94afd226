"""Rows that were pruned are no fault, if their deletion is recorded and they were old enough."""

from typing import NamedTuple

import pytest
from django.utils import timezone

from partners.models import ChangeEvent, RequestRecord
from partners.models.change import Action, Change
from partners.record.retention import Pruning
from partners.seals import sealing, verifying
from tests.factories import OrganizationFactory, issue
from tests.partners.support import aged
from tests.partners.support.sealed import as_owner

pytestmark = pytest.mark.django_db


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


@pytest.mark.parametrize("after", [[], {}, {"older_than": None}, {"older_than": "x"}])
def test_a_record_of_a_deletion_that_says_nothing_covers_nothing(rows, after):
    as_owner(lambda: RequestRecord.objects.filter(pk=rows.old).delete())
    aged.change(timezone.now(), action=Action.RECORDS_PRUNED, after=after)
    assert found() == ([f"requests: row {rows.old} was removed"], 0)
