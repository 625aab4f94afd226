"""How a page of changes is found: by indexes alone, however long the log is."""

import re

import pytest
from django.db import connection

from encounters.api import changes
from encounters.changes import pruning
from encounters.changes.triggers import SETTLED
from tests.planning import forget_statistics

pytestmark = pytest.mark.django_db


def plan(sql, values):
    """Return the steps of a plan. PostgreSQL prefers other scans of a table that is small, so they are forbidden."""
    prefix = "EXPLAIN QUERY PLAN" if connection.vendor == "sqlite" else "EXPLAIN"
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SET LOCAL enable_seqscan = off")
            cursor.execute("SET LOCAL enable_bitmapscan = off")
        cursor.execute(f"{prefix} {sql}", values)
        return [str(row[-1]).lstrip(" ->") for row in cursor.fetchall()]


@pytest.mark.postgresql
@pytest.mark.parametrize(
    ("sql", "values"),
    [
        (changes._statement(connection.vendor).sql, [1, 1, 2, 3, 101]),
        (pruning._OLDEST.format(settled=SETTLED[connection.vendor]), ["2026-05-25", 1, 1000]),
    ],
    ids=["a page", "what is pruned"],
)
def test_the_log_is_read_in_the_order_of_its_key(sql, values):
    forget_statistics("encounters_encounterchange")
    steps = plan(sql, values)
    assert [step for step in steps if step.startswith(("SCAN encounters", "Seq Scan"))] == []
    by_index = re.compile("(SEARCH|Index.* Scan).* encounters_encounterchange")
    (log,) = [place for place, step in enumerate(steps) if by_index.match(step)]
    bounds = steps[log] if connection.vendor == "sqlite" else steps[log + 1]
    assert "organization_id" in bounds
    assert "encounter" in bounds or len(values) == 3
    assert connection.vendor == "sqlite" or steps[log - 1].startswith("Limit")
