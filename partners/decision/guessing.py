"""Networks that send too many wrong keys: their calls are refused for the rest of a minute, if a setting says so.

The wrong keys of a network are counted in the database, for all processes. Each process remembers which networks it
refuses, so a refused call takes no SQL statement, and other calls cost nothing. Another process learns it with the next
wrong key that it meets. A network from which a key has called before is never refused: a partner behind the same
address as a guesser must not be stopped. Secrets are too long to be guessed; this only keeps the load small.
"""

import math
import time
from datetime import timedelta
from functools import cache

from django.conf import settings
from django.db import connection
from django.utils import timezone

from partners.catalogue.reasons import Reason
from partners.decision import limits
from partners.decision.address import UNKNOWN, network
from partners.statements import Statement

WRONG_KEYS = (Reason.MALFORMED_TOKEN, Reason.INVALID_KEY)
KEPT = timedelta(hours=1)
HELD = 10_000  # networks that a process remembers

_COUNT = """
INSERT INTO partners_wrongkeys AS counted (network, minute, calls) VALUES (%s, {minute}, 1)
ON CONFLICT (network) DO UPDATE SET
    calls = CASE WHEN counted.minute < excluded.minute THEN 1 ELSE counted.calls + 1 END,
    minute = CASE WHEN counted.minute < excluded.minute THEN excluded.minute ELSE counted.minute END
RETURNING calls, {seconds_left}
"""
_PRUNE = Statement("DELETE FROM partners_wrongkeys WHERE minute < %s")
_IS_KNOWN = Statement("SELECT 1 FROM partners_keynetwork WHERE network = %s LIMIT 1")


class Refused:
    """The networks that this process refuses, each until its minute is over. Its memory is bounded."""

    def __init__(self) -> None:
        self._until: dict[str, float] = {}

    def add(self, source: str, seconds: int) -> None:
        if len(self._until) >= HELD:
            self._until.clear()
        self._until[source] = time.monotonic() + seconds

    def seconds(self, source: str) -> int:
        """Return for how many seconds a network is refused; 0 if it isn't."""
        left = self._until.get(source, 0.0) - time.monotonic()
        return max(0, math.ceil(left))


REFUSED = Refused()


def seconds_to_wait(address: str) -> int:
    """Return how long calls from this address are refused; 0 if they aren't."""
    return REFUSED.seconds(network(address)) if settings.WRONG_KEYS_PER_MINUTE else 0


def note(address: str, reason: Reason) -> None:
    """Count a call that was refused for its key, and refuse its network from now on if there were too many."""
    if not settings.WRONG_KEYS_PER_MINUTE or reason not in WRONG_KEYS or address == UNKNOWN:
        return
    source = network(address)
    ((calls, seconds),) = _count(connection.vendor).rows(source)
    if calls >= settings.WRONG_KEYS_PER_MINUTE and not _IS_KNOWN.rows(source):
        REFUSED.add(source, seconds)


def prune() -> None:
    """Delete the counts of an hour ago: there may be one for each network that ever sent a wrong key."""
    if settings.WRONG_KEYS_PER_MINUTE:
        _PRUNE.execute(timezone.now() - KEPT)


@cache
def _count(vendor: str) -> Statement:
    return Statement(_COUNT.format(minute=limits.MINUTE[vendor], seconds_left=limits.SECONDS_LEFT[vendor]))
