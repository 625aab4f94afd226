"""How many attempts run at once, in all and for each endpoint, so that no endpoint holds up others.

An endpoint begins with one attempt at a time. Each success allows one more, up to a limit, and a failure leaves one.
Endpoints whose last attempt failed, or that had none since the service started, share some threads of their own. So
the others have all of theirs, however many endpoints are dead.
"""

from collections import Counter
from collections.abc import Sequence

MOST_OF_ONE = 8


class Lanes:
    """The attempts under way in this process: as many at once as given, and half as many of unproven endpoints."""

    def __init__(self, proven: int) -> None:
        self._proven, self._unproven = proven, max(proven // 2, 1)
        self.threads = self._proven + self._unproven
        self.running: Counter[int] = Counter()
        self._allowed: dict[int, int] = {}  # only of endpoints whose last attempt succeeded
        self._turn = 0

    @property
    def free(self) -> int:
        return self.threads - self.running.total()

    def share(self, due: Sequence[int]) -> Counter[int]:
        """Return how many attempts may start now for each of the endpoints that have something due, in fair turns."""
        start = self._turn % len(due) if due else 0
        waiting, shares, left = [*due[start:], *due[:start]], Counter[int](), self._left()
        while waiting and shares.total() < self.free:
            waiting = [each for each in waiting if self._took_turn(each, shares, left)]
        self._turn += shares.total()
        return shares

    def started(self, endpoint: int) -> None:
        self.running[endpoint] += 1

    def ended(self, endpoint: int, *, succeeded: bool) -> None:
        """Count an attempt as over."""
        self.running[endpoint] -= 1
        if not self.running[endpoint]:
            del self.running[endpoint]
        if succeeded:
            self._allowed[endpoint] = min(self._allowed.get(endpoint, 1) + 1, MOST_OF_ONE)
        else:
            self._allowed.pop(endpoint, None)

    def _left(self) -> dict[bool, int]:
        """Return how many attempts may start of proven endpoints (True) and of the others (False)."""
        proven = sum(number for each, number in self.running.items() if each in self._allowed)
        return {True: self._proven - proven, False: self._unproven - (self.running.total() - proven)}

    def _took_turn(self, endpoint: int, shares: Counter[int], left: dict[bool, int]) -> bool:
        is_proven, under_way = endpoint in self._allowed, self.running[endpoint] + shares[endpoint]
        if shares.total() == self.free or left[is_proven] < 1 or under_way >= self._allowed.get(endpoint, 1):
            return False
        shares[endpoint] += 1
        left[is_proven] -= 1
        return True
