"""The database is asked once in a while, waited for briefly, and its faults are told by one metric."""

import threading
import time

import pytest
from django import db
from prometheus_client.core import GaugeMetricFamily

from chartero.metrics import database
from chartero.metrics.database import Database
from tests.stopwatch import running


def fact():
    return [GaugeMetricFamily("chartero_fact", "A fact.", value=7)]


def told(source: Database) -> dict[str, float]:
    return {family.name: family.samples[0].value for family in source.collect()}


def test_a_look_is_kept_for_some_seconds(monkeypatch):
    looks = []
    source = Database(lambda: [looks.append(1), *fact()][1:])
    assert [told(source) for _ in range(5)] == [{"chartero_database_up": 1, "chartero_fact": 7}] * 5
    assert looks == [1]
    monkeypatch.setattr(database, "KEPT", 0.0)
    told(source)
    assert looks == [1, 1]


@pytest.mark.parametrize("fault", [db.OperationalError("host 10.0.0.7"), ValueError("a row")])
def test_a_fault_is_told_and_logged_without_its_text(fault, caplog):
    def failing():
        raise fault

    assert told(Database(failing)) == {"chartero_database_up": 0}
    (record,) = caplog.records
    assert (record.message, record.exception) == ("metrics without the database", type(fault).__name__)


def test_a_look_that_hangs_is_waited_for_once_and_given_up_later(monkeypatch):
    looks, end = [], threading.Event()

    def hang():
        looks.append(1)
        end.wait(30)
        return fact()

    monkeypatch.setattr(database, "PATIENCE", 0.2)
    source, begun = Database(hang), time.monotonic()
    with running() as watch:
        assert [told(source) for _ in range(20)] == [{"chartero_database_up": 0}] * 20
        assert time.monotonic() - begun >= 0.2
        assert watch.seconds() < 2
    assert looks == [1]
    monkeypatch.setattr(database, "GIVEN_UP", 0.0)
    told(source)
    assert looks == [1, 1]
    end.set()
    monkeypatch.setattr(database, "PATIENCE", 5)
    assert told(source)["chartero_fact"] == 7


def test_without_a_thread_for_the_look_the_rest_is_told(monkeypatch):
    def no_thread(self):
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", no_thread)
    assert told(Database(fact)) == {"chartero_database_up": 0}
