"""A fault, and the site that it breaks."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from typing import Any, Protocol

from tests.faults.database import Database
from tests.faults.proxy import Proxy
from tests.faults.server import WebServer


class Ledger(Protocol):
    """A database that can be asked which answers are on record."""

    def recorded(self, request_ids: set[str]) -> set[str]:
        """Return those of the request ids that the ledger has."""


@dataclass(frozen=True)
class Site:
    """What a fault may touch. Of the databases of `ledgers`, the last one is in service when the fault is over."""

    server: WebServer
    tokens: dict[str, str]
    database: Database
    proxy: Proxy
    ledgers: tuple[Ledger, ...]

    @property
    def port(self) -> int:
        """Return the port of the web server."""
        return self.server.port


Fault = Callable[[Any], AbstractContextManager[None]]  # takes the site that `place` makes


@contextmanager
def as_it_is(site: Site) -> Iterator[Site]:
    """Use the site that all scenarios share."""
    yield site


@dataclass(frozen=True)
class Scenario:
    """A fault, its name in the report, and how many seconds it lasts.

    `place` makes a site of its own for it. `verdicts` are answers that are right during the fault, beside the usual
    ones. `breaks_off`: the fault itself ends connections of clients. `unready`: `/readyz` must say no.
    `needs`: a program without which it is skipped.
    """

    name: str
    seconds: float
    fault: Fault
    place: Callable[[Site], AbstractContextManager[Site]] = as_it_is
    verdicts: frozenset[str] = frozenset()
    breaks_off: bool = False
    unready: bool = False
    needs: str = ""
