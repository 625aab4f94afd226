"""Two prunings at once: together they delete what is due, each row once, and neither minds the other."""

import pytest
from django.db import connection

from partners.models import RequestRecord
from partners.record.retention import Pruning
from tests.factories import CHANGE, OrganizationFactory, issue
from tests.partners.support import aged
from tests.partners.support.aged import DAY, cutoff
from tests.racing import rounds

pytestmark = pytest.mark.usefixtures("committed")
ROUNDS, DUE, YOUNG = rounds(postgresql=20, sqlite=5), 30, 3


def prune() -> int:
    pruning = Pruning(6, 4)
    pruning.run(CHANGE)
    return pruning.numbers["requests"]


def test_two_runs_share_the_work(race):
    key, _ = issue(OrganizationFactory())
    for number in range(YOUNG):
        aged.request(key, cutoff() + number * DAY)
    for _ in range(ROUNDS):
        for number in range(DUE):
            aged.request(key, cutoff() - (number + 1) * DAY)
        deleted = race(prune, prune)
        assert RequestRecord.objects.count() == YOUNG
        if connection.vendor == "postgresql":  # SQLite's database in memory breaks one of them off, which begins anew
            assert sum(deleted) == DUE
