"""Faults of one kind in the log: the first in full and at once, then at most one line a minute with a number.

Each line stands for one event, and for the `repeated` events of its kind that were left out since the line before. The
last of them is written when its minute is over: with the next line, with the next call, or when the process ends. So
lines and numbers add up to all that happened.
"""

import math
import time
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from typing import Any

Facts = dict[str, Any]

MINUTE = 60.0  # seconds between two lines of one kind
MOST = 100  # kinds; all others count as one


@dataclass(slots=True)
class Kind:
    """What is known of one kind: the facts of its last line, when it was written, and what was left out since."""

    facts: Facts
    written: float
    left_out: int = 0
    last: Facts = field(default_factory=dict)

    @property
    def due(self) -> float:
        """Return when the last event left out must be written."""
        return self.written + MINUTE if self.left_out else math.inf

    def take(self, facts: Facts, now: float) -> Facts:
        """Return the facts of a line that is written now, with the number of events left out before it."""
        repeated = {"repeated": self.left_out} if self.left_out else {}
        self.facts, self.written, self.left_out = facts, now, 0
        return facts | repeated

    def close(self, now: float) -> Facts:
        """Return the facts of the last event that was left out, which is written now."""
        self.left_out -= 1
        return self.take(self.facts | self.last, now)


class Repeats:
    """The kinds of one process. Its memory is bounded. The lock of the log's handler protects it from other threads."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._kinds: dict[Hashable, Kind] = {}
        self._next = math.inf

    def take(self, name: Hashable, moment: Facts, facts: Callable[[], Facts]) -> Facts | None:
        """Return the facts to write for an event; None if it is left out. `moment` is what differs in each event."""
        now = self._clock()
        if name not in self._kinds and len(self._kinds) >= MOST:
            self._forget(now)
            name = name if len(self._kinds) < MOST else None
        kind = self._kinds.get(name)
        if kind is None:
            self._kinds[name] = kind = Kind({}, -math.inf)
        if now - kind.written >= MINUTE:
            return kind.take(facts(), now)
        kind.left_out += 1
        kind.last = moment
        self._next = min(self._next, kind.due)
        return None

    def is_due(self) -> bool:
        """Return True if an event that was left out must be written now. This is cheap."""
        return self._clock() >= self._next

    def close(self, *, every: bool = False) -> list[Facts]:
        """Return the facts of the last events left out of the kinds whose minute is over, or of every kind."""
        now = self._clock()
        lines = [kind.close(now) for kind in self._kinds.values() if kind.left_out and (every or kind.due <= now)]
        self._next = min((kind.due for kind in self._kinds.values()), default=math.inf)
        return lines

    def _forget(self, now: float) -> None:
        """Forget the kinds that did not occur for a minute."""
        self._kinds = {name: kind for name, kind in self._kinds.items() if kind.left_out or now - kind.written < MINUTE}
