from django.db import connection
from django.test.utils import CaptureQueriesContext

from chartero.search.sources import search


def test_an_index_finds_the_changes_with_a_ticket(db):
    with CaptureQueriesContext(connection) as captured:
        assert search("OPS-4711", lambda permission: permission == "partners.view_changeevent") == []
    [statement] = captured
    assert "change_event_ticket" in plan(statement["sql"])


def plan(sql: str) -> str:
    """Return the plan, on PostgreSQL that of a table with more rows than there are in a test."""
    explain = "EXPLAIN QUERY PLAN"
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            explain = "EXPLAIN"
            cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute(f"{explain} {sql}")
        return str(cursor.fetchall())
