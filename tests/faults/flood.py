"""Flood the sign-in page while a partner calls, and compare the partner's times without and with the flood.

[.ci/with-postgresql] python -m tests.faults.flood [--seconds 10] [--rounds 3]

Eight clients send forms with ever new names from ever new addresses, as fast as they are answered. First one server
serves everything, then the staff pages have a server of their own. It exits with 1 if a call was refused.
"""

import argparse
import http.client
import multiprocessing
import os
import random
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median, quantiles
from urllib.parse import urlencode

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
django.setup()

from tests.server.deployment import Deployment, new_deployment  # noqa: E402
from tests.server.flooding import Caller  # noqa: E402

CLIENTS, RATE = 8, 20  # clients that flood, and calls a second of the partner
SIGN_IN, LIST = "/admin/login/", "/external/v1/encounters?limit=25"
TOKEN = "a" * 32  # a CSRF token that equals its cookie is valid
BEHIND = {"CHARTERO_BEHIND_PROXY": "1"}  # each form then comes from the address that it says
LAYOUTS = {"one server": ("all",), "staff apart": ("partners", "staff")}
AWAY = 10  # priority of the clients that flood (nice(1)): elsewhere they would have a machine of their own


@dataclass
class Times:
    """The partner's times, in seconds, and the answers to the flood."""

    alone: list[float] = field(default_factory=list)
    flooded: list[float] = field(default_factory=list)
    statuses: Counter[int] = field(default_factory=Counter)
    flood: Counter[int] = field(default_factory=Counter)

    @property
    def ratio(self) -> float:
        """Return the median under the flood as a multiple of the one without."""
        return median(self.flooded) / median(self.alone)


def client(port: int, stop: multiprocessing.Event, answers: multiprocessing.Queue) -> None:
    """Send forms until told to stop, then say how often each status came."""
    os.nice(AWAY)
    statuses: Counter[int] = Counter()
    with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=60)) as connection:
        while not stop.is_set():
            form = {"username": f"name {random.random()}", "password": "wrong", "csrfmiddlewaretoken": TOKEN}
            headers = {
                "Content-Type": "application/x-www-form-urlencoded",
                "Cookie": f"csrftoken={TOKEN}",
                "X-Forwarded-For": ".".join(str(random.randrange(256)) for _ in range(4)),
                "X-Forwarded-Proto": "http",
            }
            connection.request("POST", SIGN_IN, urlencode(form), headers)
            response = connection.getresponse()
            response.read()
            statuses[response.status] += 1
    answers.put(statuses)


@contextmanager
def flood(port: int, answers: Counter[int]) -> Iterator[None]:
    """Flood the sign-in page of a server, from processes of their own."""
    context = multiprocessing.get_context("fork")
    stop, told = context.Event(), context.Queue()
    clients = [context.Process(target=client, args=(port, stop, told)) for _ in range(CLIENTS)]
    for each in clients:
        each.start()
    try:
        yield
    finally:
        stop.set()
        for _ in clients:
            answers.update(told.get(timeout=60))
        for each in clients:
            each.join()


@contextmanager
def serving(deployment: Deployment, parts: tuple[str, ...]) -> Iterator[list[int]]:
    """Run a server for each part, and yield their ports: the partners' first, the staff's last."""
    with ExitStack() as stack:
        servers = [Deployment(deployment.environment) for _ in parts]
        for server, part in zip(servers, parts, strict=True):
            stack.enter_context(server.serving(CHARTERO_SERVES=part, **BEHIND))
        yield [server.port for server in servers]


def partner(port: int, token: str, seconds: float, statuses: Counter[int]) -> list[float]:
    """Call at a steady rate, and return how long each call took."""
    headers = {"Authorization": f"Bearer {token}", "X-Forwarded-For": "192.0.2.7"}
    caller = Caller(port, RATE, seconds, lambda: (LIST, headers))
    caller.run()
    statuses.update(caller.statuses)
    return caller.times[5:]


def measured(deployment: Deployment, token: str, parts: tuple[str, ...], rounds: int, seconds: float) -> Times:
    """Return the partner's times in turns: alone, then flooded."""
    times = Times()
    with serving(deployment, parts) as ports:
        for _ in range(rounds):
            times.alone += partner(ports[0], token, seconds, times.statuses)
            with flood(ports[-1], times.flood):
                times.flooded += partner(ports[0], token, seconds, times.statuses)
    return times


def line(name: str, times: Times, seconds: float) -> str:
    """Return one line of the report. Times in milliseconds."""
    slow = [quantiles(each, n=20)[-1] for each in (times.alone, times.flooded)]
    parts = [median(times.alone), slow[0], median(times.flooded), slow[1]]
    forms = ", ".join(f"{count / seconds:.1f}/s × {status}" for status, count in sorted(times.flood.items()))
    return f"{name:14} " + " ".join(f"{part * 1000:8.1f}" for part in parts) + f" {times.ratio:7.2f}  {forms}"


def main() -> None:
    """Read the arguments, measure each layout, print a line for each."""
    parser = argparse.ArgumentParser(prog="python -m tests.faults.flood", description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=10, help="length of each turn (default: 10)")
    parser.add_argument("--rounds", type=int, default=3, help="turns without and with the flood (default: 3)")
    given = parser.parse_args()
    served = True
    sys.stdout.write(f"{'':14} {'median':>8} {'p95':>8} {'flooded':>8} {'p95':>8} {'ratio':>7}  forms\n")
    with tempfile.TemporaryDirectory() as folder, new_deployment(Path(folder)) as deployment:
        token = deployment.report("demo", "--no-serve")["token"]
        for name, parts in LAYOUTS.items():
            times = measured(deployment, token, parts, given.rounds, given.seconds)
            served = served and set(times.statuses) == {200}
            sys.stdout.write(line(name, times, given.rounds * given.seconds) + "\n")
            sys.stdout.flush()
    sys.exit(not served)


if __name__ == "__main__":
    main()
