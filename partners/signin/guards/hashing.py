"""Passwords are hashed one at a time on a server, in threads that give way to all others.

A hash takes 100 MiB and a fifth of a second of a core on purpose, and partners' calls share the processes. So few pages
may wait for one, and not for long. A command waits until it is its turn.
"""

import fcntl
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from functools import partial
from threading import BoundedSemaphore
from typing import ParamSpec, TypeVar

from django.contrib.auth.hashers import Argon2PasswordHasher, PBKDF2PasswordHasher

MOST = 4  # pages whose password is hashed or waits for it
PATIENCE = 2.2  # seconds that a page waits for all its hashes
# How much lower the priority is (nice(1)). Argon2 has eight threads: together they get a fifth of a core that another
# thread uses too. With less, a hash would not end in time on a busy machine.
NICE = 15

Given = ParamSpec("Given")
Result = TypeVar("Result")

# When the current page stops waiting (`time.monotonic`). None outside a page.
UNTIL: ContextVar[float | None] = ContextVar("until", default=None)


class Busy(Exception):
    """Too many passwords are hashed at this moment. Nothing has been checked or changed."""


def _give_way() -> None:
    """Lower the priority of this thread. Elsewhere than on Linux, that of the whole process would change."""
    if sys.platform == "linux":
        with suppress(OSError):
            os.nice(NICE)


def _nameless_file() -> int:
    """Return the descriptor of an empty file, which a server's processes inherit."""
    descriptor, path = tempfile.mkstemp()
    os.unlink(path)
    return descriptor


_TURN = _nameless_file()  # a lock of it belongs to one process, and ends with the process (fcntl(2))


def _in_turn(work: Callable[[], Result]) -> Result:
    """Return the result of `work`, which no other process of this server does meanwhile."""
    fcntl.lockf(_TURN, fcntl.LOCK_EX)
    try:
        return work()
    finally:
        fcntl.lockf(_TURN, fcntl.LOCK_UN)


class Line:
    """A short line in front of the thread that hashes."""

    def __init__(self) -> None:
        self._hasher = ThreadPoolExecutor(1, "hasher", initializer=_give_way)
        self._places = BoundedSemaphore(MOST)

    def is_full(self) -> bool:
        """Return True if the next page would be refused."""
        has_place = self._places.acquire(blocking=False)
        if has_place:
            self._places.release()
        return not has_place

    def run(self, work: Callable[Given, Result], *arguments: Given.args, **named: Given.kwargs) -> Result:
        """Return the result of `work`. Raise Busy if the line is full, or if a page has waited too long."""
        until, todo = UNTIL.get(), partial(_in_turn, partial(work, *arguments, **named))
        if until is None:
            return self._hasher.submit(todo).result()
        if not self._places.acquire(blocking=False):
            raise Busy
        hashed = self._hasher.submit(todo)
        hashed.add_done_callback(lambda _: self._places.release())
        try:
            return hashed.result(until - time.monotonic())
        except TimeoutError:
            hashed.cancel()
            raise Busy from None


LINE = Line()


class Argon2Hasher(Argon2PasswordHasher):
    """Django's hasher, in the line."""

    def encode(self, password: str, salt: str) -> str:
        return LINE.run(super().encode, password, salt)

    def verify(self, password: str, encoded: str) -> bool:
        return LINE.run(super().verify, password, encoded)


class PBKDF2Hasher(PBKDF2PasswordHasher):
    """Django's hasher, in the line. It verifies with `encode`."""

    def encode(self, password: str, salt: str, iterations: int | None = None) -> str:
        return LINE.run(super().encode, password, salt, iterations)


@contextmanager
def patience() -> Iterator[None]:
    """Limit how long the passwords inside wait to be hashed."""
    outside = UNTIL.set(time.monotonic() + PATIENCE)
    try:
        yield
    finally:
        UNTIL.reset(outside)
