"""One clock for the processes and for the database, which stands still until it is set."""

from contextlib import contextmanager

import pytest
from django.db import connection
from django.utils import timezone

from partners.decision import facts, limits
from partners.models import ApiKey

STATEMENTS = (facts._facts, limits._count, limits._seconds_left)


class Clock:
    """What every reader takes for the time."""

    def __init__(self, now):
        self.now = now

    def set(self, now):
        """Set the clock. The database reads its own minute and seconds, as in production."""
        self.now = now
        minute = now.replace(second=0, microsecond=0)
        with connection.cursor() as cursor:
            written = connection.ops.adapt_datetimefield_value(minute)
            cursor.execute("UPDATE the_clock SET minute = %s, seconds_left = %s", [written, 60 - now.second])


@contextmanager
def stopped(now):
    """Yield a clock, and put it in the place of the real ones."""
    clock = Clock(now)
    with pytest.MonkeyPatch.context() as patch, connection.cursor() as cursor:
        kind = {"postgresql": "timestamptz", "sqlite": "text"}[connection.vendor]
        cursor.execute(f"CREATE TEMPORARY TABLE the_clock (minute {kind}, seconds_left integer)")
        cursor.execute("INSERT INTO the_clock VALUES (NULL, NULL)")
        patch.setattr(timezone, "now", lambda: clock.now)
        patch.setattr(ApiKey._meta.get_field("created_at"), "_get_default", lambda: clock.now)
        patch.setitem(limits.MINUTE, connection.vendor, "(SELECT minute FROM the_clock)")
        patch.setitem(limits.SECONDS_LEFT, connection.vendor, "(SELECT seconds_left FROM the_clock)")
        _forget_statements()
        clock.set(now)
        yield clock
        cursor.execute("DROP TABLE the_clock")
    _forget_statements()


def _forget_statements():
    for made in STATEMENTS:
        made.cache_clear()
