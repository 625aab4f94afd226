"""Whoever waits for the writers of a table misses no row that is committed late."""

import time
from threading import Event

import pytest
from django.db import connection, transaction

from partners import writers
from partners.models import ChangeEvent, Organization
from partners.models.change import Action
from tests.factories import CHANGE

CHANGES, ORGANIZATIONS = (model._meta.db_table for model in (ChangeEvent, Organization))


@pytest.mark.django_db
def test_without_other_writers_there_is_nothing_to_wait_for():
    ChangeEvent.record(Action.COMMENTED, CHANGE)
    assert writers.ended(CHANGES, 0)


@pytest.mark.postgresql
@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite has one writer at a time")
@pytest.mark.usefixtures("committed")
def test_a_transaction_that_writes_the_table_is_waited_for(race, monkeypatch):
    written, waiting, sleep = Event(), Event(), time.sleep
    monkeypatch.setattr(writers.time, "sleep", lambda seconds: waiting.set() or sleep(seconds))

    def late():
        with transaction.atomic():
            ChangeEvent.record(Action.COMMENTED, CHANGE)
            written.set()
            assert waiting.wait(30)

    def early():
        assert written.wait(30)
        found = writers.ended(CHANGES, 0), writers.ended(ORGANIZATIONS, 0)
        return *found, writers.ended(CHANGES, 30), ChangeEvent.objects.count()

    assert race(late, early)[1] == (False, True, True, 1)
