"""The addresses of a host name, within a time limit, which `getaddrinfo` itself doesn't have.

Each lookup runs in a thread, which is left behind if the name server doesn't answer in time. Their number is limited.
"""

import socket
import time
from ipaddress import IPv4Address, IPv6Address, ip_address
from queue import Empty, SimpleQueue
from threading import BoundedSemaphore, Thread

MOST = 32  # lookups at once, in one process

Addresses = list[IPv4Address | IPv6Address]
_free = BoundedSemaphore(MOST)


class Unresolved(Exception):
    """A host whose addresses could not be found. It may have some later. `reason` is a sentence for staff."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def addresses(host: str, port: int, *, deadline: float) -> Addresses:
    """Return all addresses of a name, the best to connect to first; Unresolved if there are none in time.

    The deadline is a moment of `time.monotonic()`.
    """
    if not _free.acquire(timeout=_left(deadline)):
        raise Unresolved("Too many lookups of host names are waiting for a name server.")
    answers: SimpleQueue[Addresses | Exception] = SimpleQueue()
    try:
        Thread(target=_look_up, args=(host, port, answers), name="webhook lookup", daemon=True).start()
    except RuntimeError:  # the system has no thread left
        _free.release()
        raise Unresolved("No lookup of a host name can be started at the moment.") from None
    try:
        found = answers.get(timeout=_left(deadline))
    except Empty:
        raise Unresolved(f"The name server did not answer in time for {host}.") from None
    if isinstance(found, Exception):
        raise Unresolved(f"{host} could not be resolved.") from found
    return found


def _left(deadline: float) -> float:
    return max(deadline - time.monotonic(), 0)


def _look_up(host: str, port: int, answers: "SimpleQueue[Addresses | Exception]") -> None:
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, proto=socket.IPPROTO_TCP)
        answers.put([ip_address(each[4][0]) for each in found])
    except Exception as fault:  # whatever it was, the caller must not wait for it
        answers.put(fault)
    finally:
        _free.release()
