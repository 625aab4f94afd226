"""What a piece of work takes: time, CPU of Python and of PostgreSQL's session, SQL statements, memory."""

import os
import resource
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.db import connection

TICKS = os.sysconf("SC_CLK_TCK")


class Watch:
    """A count of SQL statements and the seconds that they took, which keeps none of them."""

    def __init__(self) -> None:
        self.statements, self.seconds = 0, 0.0

    def __call__(self, execute: Any, *arguments: Any) -> Any:
        """Execute one statement."""
        begun = time.perf_counter()
        try:
            return execute(*arguments)
        finally:
            self.statements += 1
            self.seconds += time.perf_counter() - begun


@dataclass(frozen=True, slots=True)
class Cost:
    """What it took: seconds by the clock and of CPU, statements and their seconds, and the peak of memory so far."""

    seconds: float
    python: float
    server: float
    statements: int
    sql: float
    mebibytes: float


def cost(work: Callable[[], object]) -> Cost:
    """Do it, and return what it took."""
    connection.ensure_connection()
    watch = Watch()
    begun, python, server = time.perf_counter(), time.process_time(), server_cpu()
    with connection.execute_wrapper(watch):
        work()
    took = (time.perf_counter() - begun, time.process_time() - python, server_cpu() - server)
    return Cost(*took, watch.statements, watch.seconds, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)


def server_cpu() -> float:
    """Return the seconds for which PostgreSQL computed in this session; 0 for SQLite, which Python's time includes."""
    if connection.vendor != "postgresql":
        return 0.0
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        (pid,) = cursor.fetchone()
    return sum(map(int, Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[11:13])) / TICKS
