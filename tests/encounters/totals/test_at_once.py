"""Concurrent writers on PostgreSQL: none waits for another, and every total is exact."""

import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta
from functools import partial
from io import StringIO
from random import Random

import pytest
from django.core.management import call_command
from django.db import connection, transaction
from django.db.models import F

from encounters.api import queries
from encounters.models import Encounter, EncounterCount
from encounters.totals import counting, drift
from tests.encounters.support.counted import execute, kept, slots, store, true, wrong
from tests.factories import START, OrganizationFactory

pytestmark = [
    pytest.mark.postgresql,
    pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite has one writer at a time"),
    pytest.mark.usefixtures("committed"),
]


def commit():
    connection.commit()


class Writer:
    """A transaction on a separate connection, which another thread keeps open."""

    def __init__(self):
        self.thread = ThreadPoolExecutor(1)
        self.do(lambda: connection.set_autocommit(False))

    def do(self, act):
        """Run an act in the transaction. Raise TimeoutError if it has to wait."""
        return self.start(act).result(5)

    def start(self, act):
        return self.thread.submit(act)

    def end(self):
        self.do(lambda: connection.close())
        self.thread.shutdown()


@contextmanager
def writers(number):
    made = [Writer() for _ in range(number)]
    try:
        yield made
    finally:
        for writer in made:
            writer.end()


def together(number, act):
    """Run an act for each number in a separate thread, all at once."""

    def alone(each):
        try:
            return act(each)
        finally:
            connection.close()

    with ThreadPoolExecutor(number) as pool:
        return list(pool.map(alone, range(number)))


@pytest.mark.direct
def test_writers_to_one_hour_do_not_wait_for_each_other_however_many():
    organization = OrganizationFactory()
    with writers(20) as all_of_them:
        for writer in all_of_them:
            writer.do(partial(store, organization, 2))
        for writer in reversed(all_of_them):
            writer.do(commit)
    assert slots() == list(range(20))
    assert (kept(organization), wrong()) == (40, [])


def test_one_writer_after_another_stays_in_one_slot():
    organization = OrganizationFactory()
    together(1, lambda _: [store(organization) for _ in range(5)])
    store(organization)
    assert (slots(), EncounterCount.objects.count(), kept(organization)) == ([0], 3, 6)


def test_a_change_without_an_effect_on_the_counts_takes_no_slot():
    organization = OrganizationFactory()
    store(organization, 3)
    with writers(2) as (first, second):
        first.do(lambda: Encounter.objects.update(status="unknown"))
        second.do(partial(store, organization, 2))
        first.do(commit), second.do(commit)
    assert (slots(), kept(organization)) == ([0], 5)


def test_a_transaction_can_remove_what_another_one_added():
    organization = OrganizationFactory()
    with writers(2) as (first, second):
        first.do(partial(store, organization, 5))
        second.do(partial(store, organization, 2))
        first.do(commit), second.do(commit)
        second.do(partial(store, organization))
        first.do(lambda: Encounter.objects.all().delete())
        second.do(commit), first.do(commit)
    assert sorted(EncounterCount.objects.filter(grain="day").values_list("matches", flat=True)) == [-5, 6]
    assert (kept(organization), wrong()) == (1, [])


def test_a_slot_is_free_again_after_a_rollback():
    organization = OrganizationFactory()

    def undo():
        savepoint = transaction.savepoint()
        store(organization, 3)
        transaction.savepoint_rollback(savepoint)

    with writers(2) as (first, second):
        first.do(undo)
        second.do(partial(store, organization, 2))
        first.do(partial(store, organization, 4))
        first.do(commit), second.do(commit)
    assert (slots(), kept(organization), wrong()) == ([0, 1], 6, [])


def test_random_writers_at_once_end_in_exact_totals():
    organizations = OrganizationFactory.create_batch(2)

    def write(number):
        chance = Random(number)
        for _ in range(25):
            at, mine = START + timedelta(minutes=chance.randrange(300)), chance.choice(organizations)
            with transaction.atomic():
                rows = store(mine, chance.randrange(1, 9), at)
                Encounter.objects.filter(pk__in=[row.pk for row in rows[::2]]).update(created_at=at - timedelta(days=1))
                Encounter.objects.filter(pk__in=[row.pk for row in rows[::3]]).delete()
                transaction.set_rollback(chance.random() < 0.2)

    together(8, write)
    assert wrong() == []
    assert len(slots()) > 1


def test_a_page_and_its_total_are_of_one_moment():
    organization, stop = OrganizationFactory(), threading.Event()

    def write():
        while not stop.is_set():
            with transaction.atomic():
                store(organization, 7), store(organization, 6)
            Encounter.objects.all().delete()

    def read():
        ask = {"limit": 100, "offset": 0, "sort_order": "asc", "start_at": START, "end_at": START + timedelta(hours=1)}
        try:
            return [queries.page(organization.pk, **ask)[0] for _ in range(300)]
        finally:
            stop.set()

    _, pages = together(2, lambda number: (write, read)[number]())
    assert {len(page["items"]) for page in pages} >= {0, 13}
    assert [page for page in pages if len(page["items"]) != page["total"]] == []


def test_installing_the_triggers_waits_for_running_writers():
    organization = OrganizationFactory()
    counting.remove(connection)
    with writers(2) as (first, installer):
        first.do(partial(store, organization, 3))
        installation = installer.start(lambda: (counting.install(connection), commit()))
        with pytest.raises(TimeoutError):
            installation.result(0.3)
        first.do(commit)
        installation.result(5)
    assert (kept(organization), wrong()) == (3, [])


def test_emptying_the_table_waits_for_running_writers():
    organization = OrganizationFactory()
    with writers(2) as (first, second):
        first.do(partial(store, organization, 3))
        emptying = second.start(lambda: (execute("TRUNCATE encounters_encounter CASCADE"), commit()))
        with pytest.raises(TimeoutError):
            emptying.result(0.3)
        first.do(commit)
        emptying.result(5)
    assert (kept(organization), EncounterCount.objects.count()) == (0, 0)


def test_a_repair_waits_for_transactions_that_block_writers():
    organization = OrganizationFactory()
    store(organization, 3)
    EncounterCount.objects.update(matches=F("matches") + 2)
    (month,) = drift.months(organization.pk)
    with writers(2) as (first, second):
        first.do(lambda: execute("LOCK TABLE encounters_encounter IN SHARE ROW EXCLUSIVE MODE"))
        repair = second.start(lambda: (drift.corrected(organization.pk, month), commit()))
        with pytest.raises(TimeoutError):
            repair.result(0.3)
        first.do(commit)
        repair.result(5)
    assert wrong() == []


def test_a_repair_does_not_wait_for_writers():
    organization = OrganizationFactory()
    store(organization, 3)
    EncounterCount.objects.update(matches=F("matches") + 2)
    (month,) = drift.months(organization.pk)
    with writers(2) as (first, second):
        first.do(partial(store, organization, 4))
        second.do(lambda: (drift.corrected(organization.pk, month), commit()))
        first.do(commit)
    assert (kept(organization), wrong()) == (7, [])


def test_a_repair_is_exact_while_others_write(settings, tmp_path):
    settings.DATA_DIR = tmp_path
    organization, stop = OrganizationFactory(), threading.Event()
    store(organization, 100)

    def write():
        while not stop.is_set():
            with transaction.atomic():
                store(organization, 3)
            Encounter.objects.filter(pk__in=Encounter.objects.values("pk")[:2]).delete()

    def repair():
        try:
            for planted in (5, -7, 11):
                EncounterCount.objects.create(
                    organization=organization, grain="day", starts_at=START, slot=99 + planted, matches=planted
                )
                call_command("check_totals", "--repair", stdout=StringIO())
        finally:
            stop.set()

    together(2, lambda number: (write, repair)[number]())
    assert wrong() == []
    assert kept(organization) == true(organization)
