"""The pauses of long work, in which partners' calls get their turn on SQLite."""

import pytest
from django.db import connection, transaction
from django.utils import timezone

from partners import pacing
from partners.models import ApiKeySwitch, UnkeyedAnswer
from partners.record.retention import Pruning
from partners.record.unknown_callers import unkeyed_answers
from partners.seals import sealing
from tests.factories import CHANGE, OrganizationFactory, issue

PAUSES = [pacing.PAUSE] if connection.vendor == "sqlite" else []


def answer() -> None:
    facts = {"source": "203.0.113.9", "method": "GET", "path": "/", "reason_code": "route_not_found"}
    UnkeyedAnswer.objects.create(occurred_at=timezone.now(), **facts)


def fail_in_a_step() -> None:
    with pacing.step():
        answer()
        raise ZeroDivisionError


@pytest.fixture
def pauses(monkeypatch) -> list[float]:
    """Return the pauses that are made, which take no time."""
    made: list[float] = []
    monkeypatch.setattr(pacing.time, "sleep", made.append)
    return made


@pytest.mark.usefixtures("committed")
def test_a_step_is_committed_before_the_pause(pauses, monkeypatch):
    seen = []
    monkeypatch.setattr(pacing.time, "sleep", lambda seconds: seen.append(connection.in_atomic_block))
    with pacing.step():
        ApiKeySwitch.objects.update(enabled=True)
    assert seen == [False for _ in PAUSES]


@pytest.mark.usefixtures("committed")
def test_a_step_that_fails_is_rolled_back(pauses):
    with pytest.raises(ZeroDivisionError):
        fail_in_a_step()
    assert not UnkeyedAnswer.objects.exists()
    assert pauses == []


@pytest.mark.django_db
def test_within_another_transaction_a_pause_would_only_hold_the_lock_for_longer(pauses):
    with transaction.atomic(), pacing.step():
        pass
    assert pauses == []


@pytest.mark.usefixtures("committed")
def test_prunings_pause_after_each_batch(pauses, monkeypatch):
    Pruning(6, 10).run(CHANGE)
    assert pauses == PAUSES * 3  # for each kind of record, the batch that is empty
    pauses.clear()
    monkeypatch.setattr(unkeyed_answers, "BATCH", 2)
    monkeypatch.setattr(unkeyed_answers, "MOST", 0)
    for _ in range(5):
        answer()
    assert unkeyed_answers.prune() == 5
    assert pauses == PAUSES * 3
    assert not UnkeyedAnswer.objects.exists()


@pytest.mark.usefixtures("committed")
def test_sealing_pauses_after_each_seal(pauses):
    issue(OrganizationFactory())
    assert sealing.seal()["changes"] > 0
    assert pauses == PAUSES
