"""A partner that follows the changes while 16 writers commit in any order: nothing is missed."""

import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from random import Random
from threading import Barrier

import pytest
from django.db import connection, transaction
from django.db.models import F
from django.utils import timezone

from encounters.api import changes
from encounters.models import Encounter, EncounterChange
from tests.encounters.support.counted import store
from tests.factories import OrganizationFactory
from tests.racing import close, lift_limits, rounds

pytestmark = pytest.mark.usefixtures("on_file")
WRITERS, ENCOUNTERS = 16, 40
ROUNDS = rounds(postgresql=3, sqlite=3)
PATIENCE = 120  # seconds: on a shared server, transactions of other databases hold changes back


class Partner:
    """A copy of an organization's encounters that follows the changes."""

    def __init__(self, organization):
        self.organization, self.copy, self.cursor = organization, {}, None

    def follow(self, limit):
        """Read one page: remove what was withdrawn, and read the rest as it is then. Return True if more follows."""
        page = changes.page(self.organization.pk, limit=limit, cursor=self.cursor)
        assert not page.expired
        told = {change.place.encounter: change.values[1] for change in page.changes}
        there = served(Encounter.objects.filter(pk__in=[pk for pk, change in told.items() if change != "withdrawn"]))
        self.copy = {pk: version for pk, version in self.copy.items() if pk not in told} | there
        self.cursor = page.next_cursor
        return page.has_more

    def follow_to_the_end(self):
        """Read pages until the last change, which may be held back, and those of the same transaction."""
        last, give_up = EncounterChange.objects.latest("position").position, time.monotonic() + PATIENCE
        while self.follow(limit=1000) or self.cursor.position < last:
            assert time.monotonic() < give_up, "changes are held back"


def served(encounters):
    return dict(encounters.served().values_list("pk", "updated_at"))


def write(pks, seed):
    """Change some encounters in one transaction that takes its time, and withdraw or serve one of them."""
    random = Random(seed)
    with transaction.atomic():
        for pk in sorted(random.sample(pks, 3)):
            encounter = Encounter.objects.filter(pk=pk)
            encounter.update(updated_at=F("updated_at") + timedelta(seconds=1))
            time.sleep(random.random() / 200)
        encounter.update(withdrawn_at=random.choice([None, timezone.now()]))
        time.sleep(random.random() / 100)


def withdraw(encounters):
    lift_limits()
    encounters.update(withdrawn_at=timezone.now())


def test_nothing_is_missed_in_whatever_order_writers_commit():
    lift_limits()
    organization = OrganizationFactory()
    pks = [encounter.pk for encounter in store(organization, ENCOUNTERS)]
    partner = Partner(organization)
    together = Barrier(WRITERS, timeout=PATIENCE)
    with ThreadPoolExecutor(WRITERS, initializer=lift_limits) as pool:
        for number in range(ROUNDS):
            working = [pool.submit(write, pks, number * WRITERS + writer) for writer in range(WRITERS)]
            while not all(each.done() for each in working):
                partner.follow(limit=7)
            assert [each.result() for each in working] == [None] * WRITERS
            partner.follow_to_the_end()
            assert partner.copy == served(Encounter.objects.all()), number
        [*pool.map(lambda _: (together.wait(), close()), range(WRITERS))]


@pytest.mark.postgresql
@pytest.mark.skipif(connection.vendor != "postgresql", reason="writers on SQLite wait for each other")
def test_the_last_commit_counts_even_if_it_began_first():
    lift_limits()
    organization = OrganizationFactory()
    first, second = (Encounter.objects.filter(pk=encounter.pk) for encounter in store(organization, 2))
    partner = Partner(organization)
    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            first.update(status="unknown")
            pool.submit(withdraw, second).result()
            second.update(withdrawn_at=None)
        pool.submit(close).result()
    partner.follow_to_the_end()
    assert partner.copy == served(Encounter.objects.all())
