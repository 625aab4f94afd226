"""Calls that arrive at a steady rate whatever happens to those before them, and what each of them met."""

import http.client
import json
import socket
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

GOOD_RATE, BAD_RATE, PROBE_RATE = 20, 5, 5  # calls a second
LIST = "/external/v1/encounters?limit=5"
SLOWEST, SLOWEST_PROBE, RECOVERY = 2.5, 0.5, 1.0  # seconds that are promised
GIVE_UP = 30  # seconds after which a client leaves; no answer comes close to it but in a failure
BROKEN = "no answer"  # refused, reset, cut short, or nothing for `GIVE_UP` seconds


@dataclass(frozen=True)
class Call:
    """One call: when it began, how long it took, what was expected and what came. Times in seconds."""

    kind: str
    began: float
    seconds: float
    expected: str
    got: str
    contract: bool

    @property
    def right(self) -> bool:
        """Return True for the expected answer, and for a 503, which is never a wrong verdict."""
        return self.got in (self.expected, "503 service_unavailable", "503 unavailable")

    @property
    def served(self) -> bool:
        """Return True if the call met what it would meet without a fault."""
        return self.got == self.expected


class OpenLoop:
    """Good calls, bad calls and probes, each on a new connection and at its own moment, until it is stopped."""

    def __init__(self, port: int, token: str) -> None:
        self.port, self.calls = port, []
        damaged = token[:-1] + ("0" if token[-1] != "0" else "1")
        wrong = {"Authorization": f"Bearer {damaged}"}
        self._stop = threading.Event()
        self._kinds = [
            ("good", GOOD_RATE, LIST, {"Authorization": f"Bearer {token}"}, "200"),
            ("bad", BAD_RATE / 2, LIST, wrong, "401 malformed_token"),
            ("bad", BAD_RATE / 2, LIST, {}, "401 missing_bearer"),
            ("probe", PROBE_RATE, "/healthz", {}, "200 ok"),
        ]

    def __enter__(self) -> "OpenLoop":
        self._pool = ThreadPoolExecutor(1500)
        self._pacers = [threading.Thread(target=self._pace, args=kind) for kind in self._kinds]
        for pacer in self._pacers:
            pacer.start()
        return self

    def __exit__(self, *failure: object) -> None:
        self._stop.set()
        for pacer in self._pacers:
            pacer.join()
        self._pool.shutdown()

    def _pace(self, kind: str, rate: float, path: str, headers: dict[str, str], expected: str) -> None:
        begun, number = time.monotonic(), 0
        while not self._stop.wait(max(0.0, begun + number / rate - time.monotonic())):
            self._pool.submit(self._call, kind, path, headers, expected)
            number += 1

    def _call(self, kind: str, path: str, headers: dict[str, str], expected: str) -> None:
        began = time.monotonic()
        try:
            got, contract = self._answer(path, headers)
        except (OSError, http.client.HTTPException, ValueError):
            got, contract = BROKEN, False
        self.calls.append(Call(kind, began, time.monotonic() - began, expected, got, contract))

    def _answer(self, path: str, headers: dict[str, str]) -> tuple[str, bool]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=GIVE_UP)
        connection.connect()
        connection.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        try:
            connection.request("GET", path, headers=headers)
            response = connection.getresponse()
            body = response.read()
        finally:
            connection.close()
        if path == "/healthz":
            return f"{response.status} {body.decode().strip()}", True
        if response.status == 200:
            return "200", json.loads(body)["limit"] == 5
        return f"{response.status} {json.loads(body)['reason_code']}", _is_contract(response, json.loads(body))


def _is_contract(response: http.client.HTTPResponse, body: dict[str, object]) -> bool:
    patience = response.headers.get("Retry-After", "").isdigit() or response.status != 503
    return (
        list(body) == ["error", "reason_code", "message", "field"] and patience and "X-Request-ID" in response.headers
    )


@dataclass(frozen=True)
class Row:
    """What a fault did to the calls. Times in seconds."""

    answers: Counter[str]
    wrong: int
    slowest: float
    slowest_probe: float
    recovery: float

    @property
    def is_kept(self) -> bool:
        """Return True if no answer was wrong and none came later than twice what is promised: machines are shared."""
        times = ((self.slowest, SLOWEST), (self.slowest_probe, SLOWEST_PROBE), (self.recovery, RECOVERY))
        return not self.wrong and all(met <= 2 * promised for met, promised in times)

    @classmethod
    def of(cls, calls: list[Call], began: float, ended: float) -> "Row":
        """Sum up the calls that met a fault, or the time after it."""
        met = [call for call in calls if call.began + call.seconds >= began]
        partners = [call for call in met if call.kind != "probe"]
        unserved = [call.began for call in partners if not call.served and call.began > ended]
        return cls(
            Counter(call.got for call in partners),
            sum(not call.right or not call.contract for call in met),
            max((call.seconds for call in partners), default=0.0),
            max((call.seconds for call in met if call.kind == "probe"), default=0.0),
            max(unserved, default=ended) - ended,
        )
