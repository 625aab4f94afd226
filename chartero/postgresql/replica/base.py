"""A session of a replica. A call doesn't wait for it for long: the primary has everything, too."""

from collections.abc import Sequence
from typing import Any

from chartero.postgresql import base, sessions

LONGEST = 0.5  # seconds, for each statement and for a new session


class DatabaseWrapper(base.DatabaseWrapper):
    """A connection to a replica. What fails here says nothing about the primary, and begins no pause."""

    def run_prepared(self, sql: str, values: Sequence[Any]) -> tuple[list[tuple[Any, ...]], int] | None:
        with sessions.within(LONGEST, apart=True):
            return super().run_prepared(sql, values)
