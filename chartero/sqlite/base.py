"""Django's SQLite backend, whose connections wait for their turn to write in short steps.

SQLite has one writer at a time. It waits for that by itself, but sleeps 1 ms, then 2, 5, 10 and more, while another
call writes its row within a fraction of one. Meanwhile, neither the disk nor the processor would have work.
"""

import sqlite3
import time
from collections.abc import Callable, Iterable
from typing import Any

from django.db.backends.sqlite3 import base

# Seconds between tries. A row is written within some tenths of a millisecond, a batch of an import within a second.
PAUSES = (0.0001, 0.0002, 0.0003, 0.0005, 0.001, 0.001, 0.002, 0.003, 0.005, 0.01)
PRIMARY = 0xFF  # the bits of a result code that say what kind of error it is (SQLite, "Result and Error Codes")


class Connection(sqlite3.Connection):
    """A connection to SQLite. `patience`: the seconds that its cursors wait for their turn."""

    patience = 0.0

    def wait(self, seconds: float) -> None:
        """Let SQLite itself wait for so long from now on."""
        self.execute(f"PRAGMA busy_timeout = {round(seconds * 1000)}")


class Cursor(base.SQLiteCursorWrapper):
    """A cursor that tries again while another connection writes."""

    connection: Connection

    def execute(self, query: str, params: Any = None) -> Any:
        """Execute a statement; raise OperationalError if it does not get its turn in time."""
        return self._in_turn(lambda: super(Cursor, self).execute(query, params))

    def executemany(self, query: str, param_list: Iterable[Any]) -> Any:
        """Execute a statement for each of the parameters.

        SQLite waits itself: without a transaction, some rows may be committed already, and a new try would repeat them.
        """
        self.connection.wait(self.connection.patience)
        try:
            return super().executemany(query, param_list)
        finally:
            self.connection.wait(0)

    def _in_turn(self, execute: Callable[[], Any]) -> Any:
        begun, tries = time.monotonic(), 0
        while True:
            try:
                return execute()
            except sqlite3.OperationalError as fault:
                if not self._may_try_again(fault, begun):
                    raise
            time.sleep(PAUSES[min(tries, len(PAUSES) - 1)])
            tries += 1

    def _may_try_again(self, fault: sqlite3.OperationalError, begun: float) -> bool:
        """Return True if another connection is writing. Who still reads rows from before a change can't write."""
        code = getattr(fault, "sqlite_errorcode", 0)
        is_busy = code & PRIMARY == sqlite3.SQLITE_BUSY and code != sqlite3.SQLITE_BUSY_SNAPSHOT
        return is_busy and time.monotonic() < begun + self.connection.patience


class DatabaseWrapper(base.DatabaseWrapper):
    """A connection to SQLite. Its `timeout` is for each statement, as in Django's."""

    def get_new_connection(self, conn_params: dict[str, Any]) -> Any:
        connection = super().get_new_connection(conn_params | {"factory": Connection})
        connection.patience = conn_params.get("timeout", 5.0)
        connection.wait(0)
        return connection

    def create_cursor(self, name: str | None = None) -> Any:
        return self.connection.cursor(factory=Cursor)
