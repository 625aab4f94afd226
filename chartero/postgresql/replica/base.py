"""A session of a replica. A call doesn't wait for it for long: the primary has everything, too."""

import time
from collections.abc import Sequence
from typing import Any

from chartero.postgresql import base, sessions

LONGEST = 0.5  # seconds, for each statement and for a new session
SHARE = 4  # a statement gets a quarter of what is left of the call's time, so that enough is left for the primary


class DatabaseWrapper(base.DatabaseWrapper):
    """A connection to a replica. What fails here says nothing about the primary, and begins no pause."""

    def run_prepared(self, sql: str, values: Sequence[Any]) -> tuple[list[tuple[Any, ...]], int] | None:
        with sessions.within(_seconds(), apart=True):
            return super().run_prepared(sql, values)


def _seconds() -> float:
    limit = sessions.LIMIT.get()
    return LONGEST if limit is None else min(LONGEST, (limit.deadline - time.monotonic()) / SHARE)
