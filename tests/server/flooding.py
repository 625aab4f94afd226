"""A flood of bad tokens against a server that a partner goes on calling: what it leaves behind, and what it
costs them."""

import http.client
import random
import threading
import time
from collections import Counter
from contextlib import closing
from dataclasses import dataclass, field
from statistics import median

from partners.keys import tokens
from tests.server.killing import rows

PATH = "/external/v1/encounters"
FLOODERS, RATE, VALID_RATE = 8, 200, 20  # threads, and calls a second of all of them and of the partner


class Caller(threading.Thread):
    """Calls at a steady rate, whatever comes back; after a delay the next ones follow at once."""

    def __init__(self, port, rate, seconds, call):
        super().__init__()
        self.port, self.rate, self.seconds, self.call = port, rate, seconds, call
        self.statuses, self.times = Counter(), []

    def run(self):
        begun = time.monotonic()
        with closing(http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)) as connection:
            for number in range(round(self.rate * self.seconds)):
                time.sleep(max(0.0, begun + number / self.rate - time.monotonic()))
                self._once(connection)

    def _once(self, connection):
        path, headers = self.call()
        sent = time.perf_counter()
        connection.request("GET", path, headers=headers)
        response = connection.getresponse()
        response.read()
        self.times.append(time.perf_counter() - sent)
        self.statuses[response.status] += 1


class BadCalls:
    """Calls that belong to no key: tokens never issued, each new or one over and over, of any shape, from anywhere."""

    def __init__(self, good):
        self.random, self.loud = random.Random(), tokens.mint(is_test=False).text
        self.damaged = good[:-1] + ("0" if good[-1] != "0" else "1")

    def __call__(self):
        """Return path and headers of the next."""
        fresh = tokens.mint(is_test=False).text
        token = self.random.choice([*[fresh] * 6, self.loud, self.loud[:-1], self.damaged, fresh[18:]])
        source = f"203.0.{self.random.randrange(4)}.{self.random.randrange(256)}"
        hop = self.random.choice(["198.51.100.7", source])
        path = self.random.choice([*[PATH] * 9, "/external/nowhere"])
        return path, {"Authorization": f"Bearer {token}", "X-Forwarded-For": hop}


@dataclass
class Flood:
    """What a flood left behind. `rows` are those of the ledger and of the counts that its calls added."""

    sent: int
    seconds: float
    rows: int
    counted: int
    statuses: Counter
    valid: Counter
    alone: list[float] = field(repr=False)
    beside: list[float] = field(repr=False)

    @property
    def ratio(self):
        """Return the partner's median time under the flood, as a multiple of that without."""
        return median(self.beside) / median(self.alone)


def flood(deployment, token, seconds, quiet):
    """Serve, let the partner call alone for `quiet` seconds before and after, and flood for `seconds` in between."""
    before, bad = _counts(deployment), BadCalls(token)
    with deployment.serving(CHARTERO_BEHIND_PROXY="1"):
        first = _valid(deployment, token, quiet)
        begun = time.monotonic()
        flooders = [Caller(deployment.port, RATE / FLOODERS, seconds, bad) for _ in range(FLOODERS)]
        beside = _valid(deployment, token, seconds, flooders)
        lasted = time.monotonic() - begun
        last = _valid(deployment, token, quiet)
    after = _counts(deployment)
    valid = first.statuses + beside.statuses + last.statuses
    return Flood(
        sent=sum(len(each.times) for each in flooders),
        seconds=lasted,
        rows=sum(after[:2]) - sum(before[:2]) - valid.total(),
        counted=after[2] - before[2],
        statuses=sum((each.statuses for each in flooders), Counter()),
        valid=valid,
        alone=first.times[10:] + last.times,
        beside=beside.times,
    )


def _valid(deployment, token, seconds, others=()):
    """Have the partner call, and others beside it; return the partner once all are done."""
    headers = {"Authorization": f"Bearer {token}", "X-Forwarded-For": "192.0.2.7"}
    partner = Caller(deployment.port, VALID_RATE, seconds, lambda: (f"{PATH}?limit=25", headers))
    for caller in (partner, *others):
        caller.start()
    for caller in (partner, *others):
        caller.join()
    return partner


def _counts(deployment):
    """Return the rows of the ledger, the rows of the counts, and the sum of those."""
    ledger, kinds = "partners_requestrecord", "partners_unkeyedcount"
    sums = f"(SELECT count(*) FROM {ledger}), (SELECT count(*) FROM {kinds})"
    return rows(deployment, f"SELECT {sums}, (SELECT coalesce(sum(count), 0) FROM {kinds})")[0]
