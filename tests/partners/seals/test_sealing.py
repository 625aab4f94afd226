"""Each row is in exactly one seal, whoever writes, seals and prunes at the same time."""

from threading import Event

import pytest
from django.db import connection, transaction
from django.utils import timezone

from partners import writers
from partners.keys.seal_keys import SealKeyUnavailable
from partners.models import Seal
from partners.models import seal as seals
from partners.models.change import Change
from partners.record.retention import Pruning
from partners.seals import sealing, verifying
from tests.factories import OrganizationFactory, issue
from tests.partners.support import aged
from tests.partners.support.calls import called
from tests.partners.support.sealed import request

ON_POSTGRESQL = connection.vendor == "postgresql"


@pytest.fixture
def key(db):
    return issue(OrganizationFactory())[0]


def faults() -> list[str]:
    return [str(fault) for fault in verifying.verify().first.values()]


def ranges(table: str) -> list[tuple[int, int, int]]:
    return list(Seal.objects.filter(table=table).order_by("number").values_list("first_id", "last_id", "count"))


def test_rows_are_sealed_once_with_all_ids_between(key):
    request(key, 1000), request(key, 1005)
    assert sealing.seal()["requests"] == 2
    assert sealing.seal()["requests"] == 0
    request(key, 1010)
    assert sealing.seal()["requests"] == 1
    assert ranges("requests") == [(-(2**63) + 1, 1005, 2), (1006, 1010, 1)]


def test_many_rows_are_sealed_in_parts(key, monkeypatch):
    monkeypatch.setattr(sealing, "FULL", 3), monkeypatch.setattr(seals, "FULL", 3)
    called(key, times=7)
    assert sealing.seal()["requests"] == 7
    assert [count for *_, count in ranges("requests")] == [3, 3, 1]
    assert faults() == []


def test_old_rows_that_are_sealed_in_parts_are_no_fault(key, monkeypatch):
    monkeypatch.setattr(sealing, "FULL", 3), monkeypatch.setattr(seals, "FULL", 3)
    for number in range(7):
        request(key, 1000 + number, aged.cutoff(5 - number // 2))
    sealing.seal()
    request(key, 1010)
    sealing.seal()
    assert faults() == []


def test_without_a_key_nothing_is_sealed(key, settings):
    settings.SEAL_KEYS, settings.SEAL_KEYS_FILE = "", ""
    with pytest.raises(SealKeyUnavailable):
        sealing.seal()
    assert not Seal.objects.exists()


def test_rows_wait_while_somebody_may_write_a_smaller_id(key, monkeypatch):
    monkeypatch.setattr(writers, "ended", lambda table, patience: False)
    assert sealing.seal() == {"requests": 0, "changes": 0, "counts": 0}
    assert not Seal.objects.exists()


def test_of_two_that_seal_at_the_same_time_one_makes_the_seal(key, monkeypatch):
    ended, sealed = writers.ended, []

    def another_first(table, patience):
        monkeypatch.setattr(writers, "ended", ended)
        sealed.append(sealing.seal())
        return True

    called(key, times=2)
    monkeypatch.setattr(writers, "ended", another_first)
    both = [sealing.seal(), *sealed]
    assert sum(each["requests"] for each in both) == 2
    assert sum(each["changes"] for each in both) == Seal.objects.get(table="changes").count
    assert faults() == []


def test_rows_that_are_pruned_before_they_are_sealed_leave_the_seal_to_the_next_run(key, monkeypatch):
    ended = writers.ended

    def pruned_first(table, patience):
        monkeypatch.setattr(writers, "ended", ended)
        Pruning(6, 10).run(Change(by="tester", source="tests"))
        return True

    request(key, 1000, aged.cutoff(7)), request(key, 1001)
    monkeypatch.setattr(writers, "ended", pruned_first)
    assert sealing.seal()["requests"] == 0
    assert sealing.seal()["requests"] == 1
    assert faults() == []


@pytest.mark.parametrize("statement", ["UPDATE partners_seal SET count = 0", "DELETE FROM partners_seal"])
def test_a_seal_cannot_be_altered_or_deleted(key, statement):
    sealing.seal()
    with pytest.raises(Exception, match="a seal cannot be"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)


@pytest.mark.postgresql
@pytest.mark.skipif(not ON_POSTGRESQL, reason="SQLite has one writer at a time")
@pytest.mark.usefixtures("committed")
def test_a_row_that_is_committed_after_a_later_one_waits_with_it(race):
    key = issue(OrganizationFactory())[0]
    sealing.seal()
    written, looked = Event(), Event()

    def late():
        with transaction.atomic():
            called(key)
            aged.change(timezone.now())
            written.set()
            assert looked.wait(30)

    def early():
        assert written.wait(30)
        called(key, times=2)
        try:
            return sealing.seal(0)
        finally:
            looked.set()

    assert race(late, early)[1] == {"requests": 0, "changes": 0, "counts": 0}
    assert sealing.seal() == {"requests": 3, "changes": 1, "counts": 0}
    assert faults() == []


@pytest.mark.usefixtures("committed")
def test_calls_seals_and_prunings_at_the_same_time_leave_no_fault(race):
    key = issue(OrganizationFactory())[0]
    for _ in range(4):
        aged.request(key, aged.cutoff(7))
    sealing.seal()
    over = Event()

    def calls():
        for _ in range(10):
            called(key, times=3)
        Pruning(6, 1).run(Change(by="tester", source="tests"))
        over.set()

    def seal():
        found = []
        while not over.is_set():
            sealing.seal()
            found += faults()
        return found

    assert race(calls, seal)[1] == []
    sealing.seal()
    result = verifying.verify()
    assert (result.first, result.pruned) == ({}, 4)
    assert result.rows == sum(Seal.objects.values_list("count", flat=True))
