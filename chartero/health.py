"""Probes of whether this process is alive (`/healthz`) and can serve partners (`/readyz`).

A probe is public, so its response is only `ok` or `unavailable`. The reason is in the log.
"""

import logging
import shutil
import threading
import time
from collections.abc import Callable
from datetime import timedelta

from django.conf import settings
from django.db import DEFAULT_DB_ALIAS, connection, connections, transaction
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.recorder import MigrationRecorder
from django.db.models import F
from django.http import HttpRequest, HttpResponse

from chartero.checks import collected
from chartero.postgresql import pooling, sessions
from chartero.postgresql.base import DatabaseWrapper
from partners.formats import traces
from partners.keys import digests
from partners.models import ApiKey, ApiKeySwitch, KeyState, privileges
from partners.partitions import present
from partners.triggers import comparing, times

logger = logging.getLogger(__name__)

LIMIT = 1.3  # seconds that a check may wait for the database
PATIENCE = 1.5  # seconds that a probe waits for a check
KEPT = 1.0  # seconds for which a result is used again, however many probes come
GIVEN_UP = 30.0  # seconds after which a new check starts beside one that got no response
TOLD_AGAIN = 60.0  # seconds between two log lines about the same fault
APART = timedelta(minutes=1)  # how much the clocks of this machine and of the database may differ
ROOM = 1_000_000  # bytes that must be free on the database's disk

# This statement needs more than the smallest `work_mem`, so PostgreSQL writes a temporary file of `ROOM` bytes.
_WRITE_A_FILE = """
WITH kept AS MATERIALIZED (SELECT repeat('x', 1000) AS text FROM generate_series(1, %s)) SELECT count(text) FROM kept
"""


class Unready(Exception):
    """The process can't serve partners: the name of the failed check, and what exactly failed, for the log."""

    def __init__(self, check: str, what: str = "") -> None:
        super().__init__(check)
        self.about = {"check": check} | ({"what": what} if what else {})


class ReadinessCheck(threading.Thread):
    """One check of what the process needs, in its own thread and connection, because it can hang."""

    def __init__(self, look: Callable[[], None]) -> None:
        super().__init__(name="readiness", daemon=True)
        self._look = look
        self._outcome: dict[str, str] | None = None
        self.started = time.monotonic()
        self.start()

    def run(self) -> None:
        """Run the check, and keep the result."""
        try:
            with sessions.within(LIMIT, apart=True):
                self._look()
            self._outcome = {}
        except Unready as fault:
            self._outcome = fault.about
        except Exception as fault:
            self._outcome = {"check": "database", "exception": traces.kind(fault)}
        finally:
            connection.close()

    @property
    def age(self) -> float:
        return time.monotonic() - self.started

    @property
    def stale(self) -> bool:
        """Return True if it is time for another check."""
        return self.age >= (GIVEN_UP if self._outcome is None else KEPT)

    def fault(self) -> dict[str, str]:
        """Return the fault for the log, empty if there is none. Wait for the result until `PATIENCE` is over."""
        self.join(max(0.0, PATIENCE - self.age))
        return {"check": "database", "exception": "no answer"} if self._outcome is None else self._outcome


class Readiness:
    """The readiness of this process. It checks at most once a second, and logs a fault once a minute."""

    def __init__(self, look: Callable[[], None]) -> None:
        self._look = look
        self._lock = threading.Lock()
        self._check: ReadinessCheck | None = None
        self._fault: dict[str, str] = {}
        self._told = 0.0

    def holds(self) -> bool:
        """Return True if the process can serve partners. Takes at most `PATIENCE` seconds."""
        with self._lock:
            if self._check is None or self._check.stale:
                self._check = ReadinessCheck(self._look)
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
    """What a process needs to serve partners."""

    def __init__(self) -> None:
        self._known: set[tuple[str, str]] = set()  # the migrations of this code, once the database has them
        self._pooler_fits = False

    def __call__(self) -> None:
        """Raise Unready, or an error of the database, for the first need that is not met."""
        if not collected():
            raise Unready("static_files")
        if not digests.loaded():
            raise Unready("digest_keys")
        self._require_pooler()
        self._require_migrations()
        if not _written():
            raise Unready("migrations")
        self._require_triggers()
        if _unverifiable():
            raise Unready("digest_keys")
        if not _has_room():
            raise Unready("disk")
        if not _clock_agrees():
            raise Unready("clock")
        _tell_of_months()

    def _require_pooler(self) -> None:
        """Check that CHARTERO_POOLER fits what is in front of PostgreSQL. Once it does, don't check again."""
        if self._pooler_fits or not isinstance(own := connections[DEFAULT_DB_ALIAS], DatabaseWrapper):
            return
        found = [each.what for each in pooling.misfits(own, web_process=settings.WEB_PROCESS) if each.is_error]
        if found:
            raise Unready("pooler", " ".join(found))
        self._pooler_fits = True

    def _require_migrations(self) -> None:
        """Check that the database has all migrations of this code, for our role too. Once it has, don't check again."""
        if not self._known:
            executor = MigrationExecutor(connection)
            if executor.migration_plan(executor.loader.graph.leaf_nodes()):
                raise Unready("migrations")
            _require_privileges()
            self._known = set(executor.loader.graph.nodes)

    def _require_triggers(self) -> None:
        """Check that all triggers are as this code defines them.

        During an upgrade, the old release may meet those of the new one. Then it only needs that its own are there and
        on, and that nothing else passes them by.
        """
        faults = comparing.faults(connection)
        if faults and set(MigrationRecorder(connection).applied_migrations()) - self._known:
            faults = [each for each in faults if each.state not in comparing.OF_LATER_RELEASE]
        if faults:
            raise Unready("triggers", "; ".join(map(str, faults)))


def _require_privileges() -> None:
    """Check that the role may do what a call and the pages need: a new table has to be granted after `migrate`."""
    if connection.vendor != "postgresql" or privileges.owns(connection):
        return
    lacking, _ = privileges.differing(connection)
    if lacking:
        raise Unready("privileges", "; ".join(lacking))


def _written() -> bool:
    """Write the row of the switch unchanged, because a call needs a write too. Return False if there is no row.

    A database that is read-only raises its own error.
    """
    return ApiKeySwitch.objects.filter(id=1).update(enabled=F("enabled")) == 1


def _unverifiable() -> bool:
    """Return True if an active API key uses a digest key that is not loaded. Its calls would get a 503."""
    return ApiKey.objects.in_state(KeyState.ACTIVE).order_by().exclude(digest_key_number__in=digests.loaded()).exists()


def _has_room() -> bool:
    """Return True if the disk has room for the next rows of the ledger. PostgreSQL raises its own error if not.

    The row of the switch doesn't tell: it is written where it was.
    """
    if connection.vendor == "postgresql":
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SET LOCAL work_mem = 64")
            cursor.execute(_WRITE_A_FILE, [ROOM // 1000])
        return True
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA database_list")
        _, _, file = cursor.fetchone()
    return not file or shutil.disk_usage(file).free >= ROOM


def _clock_agrees() -> bool:
    """Return True if the clock of this machine, which decides what has expired, agrees with that of the database."""
    drift = times.drift(connection)
    if times.noticeable(drift):
        logger.warning("the clock differs from the database's", extra={"what": f"{drift.total_seconds():+.0f} s"})
    return abs(drift) < APART


def _tell_of_months() -> None:
    """Log what the ledger lacks for the months to come. Calls go on without it."""
    if faults := present.faults(connection):
        logger.warning("the ledger is not ready for the months to come", extra={"what": "; ".join(faults)})


PROBES: dict[str, Callable[[], bool]] = {"/healthz": lambda: True, "/readyz": Readiness(Needs()).holds}


def answer(request: HttpRequest) -> HttpResponse | None:
    """Return the response to a probe, or None for any other request."""
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
