"""A model of the keys: what each call with one of them may be answered."""

import math
import random
import threading
import time
from collections import deque
from contextlib import contextmanager
from dataclasses import dataclass

from tests.faults.calls import UNAVAILABLE, Call

REMEMBERED = 50  # keys that have ended and are still used


@dataclass
class Key:
    """A key. Between `ends` and `ended` a command ends it, and both verdicts are right. `code` is that of its end."""

    public_id: str
    token: str
    ends: float = math.inf
    ended: float = math.inf
    code: str = ""

    def allows(self, call: Call) -> bool:
        """Return True if this answer is right at the time of the call."""
        if call.got in UNAVAILABLE:
            return True
        return (call.got == "200" and call.began <= self.ended) or (call.got == self.code and call.ended >= self.ends)


class Keys:
    """All keys that were ever issued, and those in use."""

    def __init__(self) -> None:
        self.all: dict[str, Key] = {}
        self._active: list[Key] = []
        self._past: deque[Key] = deque(maxlen=REMEMBERED)
        self._lock = threading.Lock()

    @property
    def active(self) -> int:
        """Return how many keys are active."""
        return len(self._active)

    def add(self, report: dict) -> None:
        """Use a key from now on."""
        key = Key(report["key_id"], report["token"])
        with self._lock:
            self.all[key.public_id] = key
            self._active.append(key)

    def choose(self) -> Key:
        """Return a key for a call: mostly an active one."""
        with self._lock:
            return random.choice(self._past if self._past and random.random() < 0.2 else self._active)

    @contextmanager
    def ending(self, code: str):
        """Yield a key that the block ends. From then on, calls get this answer."""
        with self._lock:
            key = self._active.pop(random.randrange(len(self._active)))
            self._past.append(key)
            key.code, key.ends = code, time.monotonic()
        yield key
        key.ended = time.monotonic()
