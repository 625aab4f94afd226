"""What autovacuum does a minute after many rows have come, for tests that bring them all at once."""

from django.db import connection, transaction


def gather_statistics(*tables):
    """Have PostgreSQL know how large these tables are: plans that it made while they were empty are no use."""
    with transaction.atomic(), connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SET LOCAL lock_timeout = 0")  # autovacuum may be at it: it gives way, but not at once
        for table in tables:
            cursor.execute(f"ANALYZE {table}")
