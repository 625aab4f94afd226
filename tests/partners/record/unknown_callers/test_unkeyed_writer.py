"""Who writes the counts of answers that belong to no key: a thread of each web process, each minute and at its end."""

import time
from types import SimpleNamespace

import pytest
from django.db import connection

from partners.models import UnkeyedCount
from partners.record.unknown_callers import unkeyed
from partners.record.unknown_callers.unkeyed import Tally
from tests.api import Api
from tests.partners.support.counting import count, rows

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clock")]


class Stop(BaseException):
    """Ends the endless."""


def test_a_web_process_writes_at_the_end_of_each_minute_and_at_its_own(settings, monkeypatch):
    settings.WEB_PROCESS = True
    started, ended, tally = [], [], Tally()
    thread = SimpleNamespace(start=lambda: started.append("thread"))
    monkeypatch.setattr(unkeyed.threading, "Thread", lambda **options: started.append(options) or thread)
    monkeypatch.setattr(unkeyed.atexit, "register", ended.append)
    count(tally, times=2)
    assert started == [{"target": tally._write_each_minute, "name": "unkeyed", "daemon": True}, "thread"]
    assert ended == [tally.write]


def test_where_no_thread_can_start_the_refusal_stays_and_the_next_one_tries_again(settings, monkeypatch):
    def start():
        attempts.append("thread")
        raise RuntimeError("can't start new thread")

    settings.WEB_PROCESS, attempts, tally = True, [], Tally()
    monkeypatch.setattr(unkeyed, "TALLY", tally)
    monkeypatch.setattr(unkeyed, "threading", SimpleNamespace(Thread=lambda **options: SimpleNamespace(start=start)))
    assert [Api().refusal() for _ in range(2)] == [(401, "missing_bearer", None)] * 2
    tally.write()
    assert (attempts, UnkeyedCount.objects.get().count) == (["thread"] * 2, 2)


def test_the_writer_sleeps_to_the_end_of_the_minute_and_leaves_no_connection(monkeypatch):
    slept, closed, tally = [], [], Tally()

    def sleep(seconds):
        slept.append(seconds)
        if len(slept) == 2:
            raise Stop

    monkeypatch.setattr(time, "time", lambda: 1_000_000_013.5)
    monkeypatch.setattr(time, "sleep", sleep)
    monkeypatch.setattr(connection, "close", lambda: closed.append(True))
    count(tally)
    with pytest.raises(Stop):
        tally._write_each_minute()
    assert (slept[0], closed, len(rows())) == (1_000_000_013.5 // 60 * 60 + 60 - 1_000_000_013.5, [True], 1)


def test_only_a_web_process_has_a_writer():
    tally = Tally()
    count(tally)
    assert tally._writer is None
