"""Calls that arrive at a steady rate whatever happens to those before them, and what each of them met."""

import http.client
import json
import socket
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial

LIST = "/external/v1/encounters?limit=5"
GIVE_UP = 30  # seconds after which a client leaves; no answer comes close to it but in a failure
BROKEN = "no answer"  # refused, reset, cut short, or nothing for `GIVE_UP` seconds
UNAVAILABLE = ("503 service_unavailable", "503 unavailable")
PARTNERS = ("good", "bad", "revoked")  # the kinds of calls that partners make; `bad` ones have no key


@dataclass(frozen=True)
class Call:
    """One call: when it began, how long it took, what was expected and what came. Times in seconds."""

    kind: str
    began: float
    seconds: float
    expected: str
    got: str
    contract: bool
    request_id: str

    @property
    def served(self) -> bool:
        """Return True if the call met what it would meet without a fault."""
        return self.got == self.expected

    @property
    def ended(self) -> float:
        """Return when the answer was there."""
        return self.began + self.seconds

    @property
    def is_recorded(self) -> bool:
        """Return True if the answer needs a row in the ledger: there is one, a verdict, and a key."""
        return self.kind in ("good", "revoked") and self.got not in (*UNAVAILABLE, BROKEN)


class OpenLoop:
    """Good calls, bad calls and probes, each on a new connection and at its own moment, until it is stopped.

    `connect` makes a connection to something in front of the server; `times` multiplies 25 calls and 7 probes a second.
    """

    def __init__(
        self,
        port: int,
        tokens: dict[str, str],
        connect: Callable[[], http.client.HTTPConnection] | None = None,
        times: float = 1,
    ) -> None:
        self.calls, self._times = [], times
        self._connect = connect or partial(http.client.HTTPConnection, "127.0.0.1", port, timeout=GIVE_UP)
        token = tokens["good"]
        damaged = token[:-1] + ("0" if token[-1] != "0" else "1")
        self._stop = threading.Event()
        self._kinds = [  # kind, calls a second, path, headers, and the answer without a fault
            ("good", 20.0, LIST, _bearer(token), "200"),
            ("revoked", 2.5, LIST, _bearer(tokens["revoked"]), "401 revoked_key"),
            ("bad", 1.25, LIST, _bearer(damaged), "401 malformed_token"),
            ("bad", 1.25, LIST, {}, "401 missing_bearer"),
            ("probe", 5.0, "/healthz", {}, "200 ok"),
            ("ready", 2.0, "/readyz", {}, "200 ok"),
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
        while not self._stop.wait(max(0.0, begun + number / rate / self._times - time.monotonic())):
            self._pool.submit(self._call, kind, path, headers, expected)
            number += 1

    def _call(self, kind: str, path: str, headers: dict[str, str], expected: str) -> None:
        began = time.monotonic()
        try:
            met = self._answer(path, headers)
        except (OSError, http.client.HTTPException, ValueError):
            met = BROKEN, False, ""
        self.calls.append(Call(kind, began, time.monotonic() - began, expected, *met))

    def _answer(self, path: str, headers: dict[str, str]) -> tuple[str, bool, str]:
        connection = self._connect()
        connection.connect()
        connection.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        try:
            connection.request("GET", path, headers=headers)
            response = connection.getresponse()
            body = response.read()
        finally:
            connection.close()
        if path in ("/healthz", "/readyz"):
            return f"{response.status} {body.decode().strip()}", True, ""
        request_id, content = response.headers.get("X-Request-ID", ""), json.loads(body)
        if response.status == 200:
            return "200", content["limit"] == 5 and request_id != "", request_id
        return f"{response.status} {content['reason_code']}", _is_contract(response, content), request_id


def _bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def _is_contract(response: http.client.HTTPResponse, body: dict[str, object]) -> bool:
    patience = response.headers.get("Retry-After", "").isdigit() or response.status != 503
    return (
        list(body) == ["error", "reason_code", "message", "field"] and patience and "X-Request-ID" in response.headers
    )
