"""What do traces cost a call? The same calls for one encounter, with a collector and without one, turn by turn.

    DATABASE_URL=sqlite:////path/to/empty.sqlite3 python -m benchmarks.tracing [TURNS]

It needs deploy/otel.txt, and fills the empty database as `benchmarks.record_cost` does it. Answers in process, in
changing order, and sends the traces to a collector in a process of its own. Prints the µs of CPU of a call, and their
ratio. A traced call has its part of what the thread computes that sends.
"""

import multiprocessing
import os
import random
import statistics
import sys
import time
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

from benchmarks import record_cost

CALLS, WARM_UP = 20, 5


class Collector(BaseHTTPRequestHandler):
    """Take everything."""

    def do_POST(self) -> None:
        """Take one request."""
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *arguments: object) -> None:
        """Say nothing."""


def collecting() -> tuple[Any, str]:
    """Start a collector. Return its process and its address."""
    server = HTTPServer(("127.0.0.1", 0), Collector)
    process = multiprocessing.get_context("fork").Process(target=server.serve_forever, daemon=True)
    process.start()
    return process, f"http://127.0.0.1:{server.server_port}"


def handlers(endpoint: str) -> dict[str, tuple[Any, list[tuple[Any, str, Any]]]]:
    """Return the application without and with traces, each with the functions that are then in their places."""
    from django.conf import settings

    from chartero.tracing import calls
    from partners.statements import Statement

    def places() -> list[tuple[Any, str, Any]]:
        named = (*calls.PARTS.values(), (Statement, "_run"))
        return [(owner, name, getattr(owner, name)) for owner, name in named]

    found = {"off": (record_cost.WSGIHandler(), places())}
    settings.OTLP_ENDPOINT = endpoint
    return found | {"on": (record_cost.WSGIHandler(), places())}


def measure(turns: int, endpoint: str) -> tuple[dict[str, list[float]], float]:
    """Return the µs of CPU of a call by way and turn, and those that the other threads spent for a traced call."""
    token, ids = record_cost.fill()
    ways = handlers(endpoint)
    times: dict[str, list[float]] = {name: [] for name in ways}
    begun = 0.0
    for turn in range(WARM_UP + turns):
        if turn == WARM_UP:
            begun = time.process_time() - time.thread_time()
        for name in random.sample([*ways], len(ways)):
            application, places = ways[name]
            for place in places:
                setattr(*place)
            before = time.thread_time()
            for _ in range(CALLS):
                record_cost.called(application, token, f"{record_cost.LIST}/{random.choice(ids)}", "")
            times[name].append((time.thread_time() - before) / CALLS * 1e6)
    time.sleep(3)  # what waits is sent
    sending = (time.process_time() - time.thread_time() - begun) / (turns * CALLS) * 1e6
    return {name: each[WARM_UP:] for name, each in times.items()}, sending


def main() -> None:
    """Measure and print."""
    process, endpoint = collecting()
    times, sending = measure(int(sys.argv[1]) if len(sys.argv) > 1 else 200, endpoint)
    process.terminate()
    off, on = (statistics.median(times[name]) for name in ("off", "on"))
    answering = statistics.median(one - other for one, other in zip(times["on"], times["off"], strict=True))
    print(f"µs of CPU, load {os.getloadavg()[0]:.1f}: {off:.0f} off, {on:.0f} on, {sending:.0f} more to send")
    print(f"ratio {1 + (answering + sending) / off:.3f}: answering {answering:.0f} µs, sending {sending:.0f} µs")


if __name__ == "__main__":
    main()
