"""Whether this process lives (`/healthz`) and whether it can serve partners (`/readyz`), for probes.

A probe is told `ok` or `unavailable` and nothing else: anybody may ask. Why stands in the log.
"""

import logging
import threading
import time
from collections.abc import Callable

from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.db.models import F
from django.http import HttpRequest, HttpResponse

from chartero.checks import collected
from encounters.totals import counting
from partners.formats import traces
from partners.keys import digests
from partners.models import ApiKey, ApiKeySwitch, KeyState, triggers

logger = logging.getLogger(__name__)

PATIENCE = 1.5  # seconds that a probe waits for the database
KEPT = 1.0  # seconds that a verdict stands, whoever asks how often
GIVEN_UP = 30.0  # seconds after which a check that got no answer is made anew beside it
TOLD_AGAIN = 60.0  # seconds between two lines in the log about the same fault


class Unready(Exception):
    """What keeps the process from serving: the name of a check."""


class Check(threading.Thread):
    """One look at what the process needs, in a thread and over a connection of its own, which may hang."""

    def __init__(self, look: Callable[[], None]) -> None:
        super().__init__(name="readiness", daemon=True)
        self._look = look
        self._outcome: dict[str, str] | None = None
        self.started = time.monotonic()
        self.start()

    def run(self) -> None:
        """Look, and note what is at fault."""
        try:
            self._look()
            self._outcome = {}
        except Unready as fault:
            self._outcome = {"check": str(fault)}
        except Exception as fault:
            self._outcome = {"check": "database", "exception": traces.kind(fault)}
        finally:
            connection.close()

    @property
    def age(self) -> float:
        """Return the seconds since the look began."""
        return time.monotonic() - self.started

    @property
    def stale(self) -> bool:
        """Tell whether it is time for another look."""
        return self.age >= (GIVEN_UP if self._outcome is None else KEPT)

    def fault(self) -> dict[str, str]:
        """Return what is at fault for the log, nothing where all is well; waits until there is an answer or none."""
        self.join(max(0.0, PATIENCE - self.age))
        return {"check": "database", "exception": "no answer"} if self._outcome is None else self._outcome


class Readiness:
    """The readiness of this process. However often it is asked, it looks once a second and logs once a minute."""

    def __init__(self, look: Callable[[], None]) -> None:
        self._look = look
        self._lock = threading.Lock()
        self._check: Check | None = None
        self._fault: dict[str, str] = {}
        self._told = 0.0

    def holds(self) -> bool:
        """Tell whether the process can serve partners; returns within `PATIENCE`."""
        with self._lock:
            if self._check is None or self._check.stale:
                self._check = Check(self._look)
            check = self._check
        fault = check.fault()
        with self._lock:
            self._log(fault)
        return not fault

    def _log(self, fault: dict[str, str]) -> None:
        if fault == self._fault and (not fault or time.monotonic() - self._told < TOLD_AGAIN):
            return
        self._fault, self._told = fault, time.monotonic()
        if fault:
            logger.error("not ready", extra=fault)
        else:
            logger.info("ready again")


class Needs:
    """What a process needs before it can serve partners."""

    def __init__(self) -> None:
        self._migrated = False

    def __call__(self) -> None:
        """Raise Unready, or what the database raises, for the first need that is not met."""
        if not collected():
            raise Unready("static_files")
        if not digests.loaded():
            raise Unready("digest_keys")
        self._require_migrations()
        if not _written():
            raise Unready("migrations")
        if triggers.missing(connection):
            raise Unready("triggers")
        if _unverifiable():
            raise Unready("digest_keys")

    def _require_migrations(self) -> None:
        """Compare the database with this code's migrations until it has them all: none is taken back while it runs.

        The last thing that a migration does is to count: until then totals would be wrong.
        """
        if not self._migrated:
            executor = MigrationExecutor(connection)
            if executor.migration_plan(executor.loader.graph.leaf_nodes()) or not counting.in_place(connection):
                raise Unready("migrations")
            self._migrated = True


def _written() -> bool:
    """Write the row of the switch as it is, for an answer needs a write too; return False if the row is not there.

    A database that is read-only, or whose disk is full, raises its own error.
    """
    return ApiKeySwitch.objects.filter(id=1).update(enabled=F("enabled")) == 1


def _unverifiable() -> bool:
    """Return True if an active API key was issued under a digest key that is not loaded: its calls would answer 503."""
    return ApiKey.objects.in_state(KeyState.ACTIVE).order_by().exclude(digest_key_number__in=digests.loaded()).exists()


PROBES: dict[str, Callable[[], bool]] = {"/healthz": lambda: True, "/readyz": Readiness(Needs()).holds}


def answer(request: HttpRequest) -> HttpResponse | None:
    """Return the answer to a probe, None for any other request."""
    holds = PROBES.get(request.path_info)
    if holds is None:
        return None
    if request.method not in ("GET", "HEAD"):
        return _response(405, "method not allowed", Allow="GET, HEAD")
    return _response(200, "ok") if holds() else _response(503, "unavailable")


def _response(status: int, word: str, **headers: str) -> HttpResponse:
    body = f"{word}\n".encode()
    fixed = {"Cache-Control": "no-store", "Content-Length": str(len(body)), "X-Content-Type-Options": "nosniff"}
    return HttpResponse(body, status=status, content_type="text/plain; charset=utf-8", headers=fixed | headers)
