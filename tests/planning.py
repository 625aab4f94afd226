"""What autovacuum does a minute after many rows have come, for tests that bring them all at once."""

from django.db import connection


def gather_statistics(*tables):
    """Have PostgreSQL know how large these tables are: plans that it made while they were empty are no use."""
    with connection.cursor() as cursor:
        for table in tables:
            cursor.execute(f"ANALYZE {table}")
