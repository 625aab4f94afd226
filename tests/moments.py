"""A moment before, at and after a limit."""

from datetime import timedelta

import pytest

TICK, NONE, DAY, HOUR = timedelta(microseconds=1), timedelta(0), timedelta(days=1), timedelta(hours=1)
AROUND = pytest.mark.parametrize("tick", [-TICK, NONE, TICK], ids=["before", "at", "after"])
