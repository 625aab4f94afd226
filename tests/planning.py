"""What PostgreSQL knows of the size of tables, for tests of its plans."""

from django.db import connection, transaction


def forget_statistics(*tables):
    """Have PostgreSQL know as little of these tables as of new ones, until the end of the transaction.

    Autovacuum may have seen them empty after another test, and an empty table is planned for in another way.
    """
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("UPDATE pg_class SET reltuples = -1, relpages = 0 WHERE relname = ANY(%s)", [list(tables)])


def gather_statistics(*tables):
    """Have PostgreSQL know how large these tables are, as autovacuum does a minute after many rows have come."""
    with transaction.atomic(), connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SET LOCAL lock_timeout = 0")  # autovacuum may be at it: it gives way, but not at once
        for table in tables:
            cursor.execute(f"ANALYZE {table}")
