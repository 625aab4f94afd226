"""A PostgreSQL of its own, whose processes can be stopped, whose tables can be locked, which can turn read-only."""

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from psycopg import sql


class Database:
    """One database on a server that this user may signal: root, or the server's owner."""

    def __init__(self, url: str) -> None:
        self.url = url

    def connect(self) -> psycopg.Connection:
        """Return a connection of the operator's."""
        return psycopg.connect(self.url, autocommit=True)

    def recorded(self, request_ids: set[str]) -> set[str]:
        """Return those of the request ids that the ledger has."""
        with self.connect() as connection:
            sql = "SELECT request_id FROM partners_requestrecord WHERE request_id = ANY(%s)"
            return {found for (found,) in connection.execute(sql, [list(request_ids)])}

    def configure(self, **settings: str) -> None:
        """Change settings of the server that need no restart."""
        with self.connect() as connection:
            for name, value in settings.items():
                connection.execute(sql.SQL("ALTER SYSTEM SET {} = {}").format(sql.Identifier(name), value))
            connection.execute("SELECT pg_reload_conf()")

    @contextmanager
    def stopped(self, most: int | None = None) -> Iterator[None]:
        """Stop the processes that serve connections, or those that served calls last. They don't answer or close."""
        pids = self._backends()[:most]
        for pid in pids:
            os.kill(pid, signal.SIGSTOP)
        try:
            yield
        finally:
            for pid in pids:
                os.kill(pid, signal.SIGCONT)

    @contextmanager
    def locked(self, table: str) -> Iterator[None]:
        """Hold the strongest lock on a table."""
        with self.connect() as connection, connection.transaction():
            lock = sql.SQL("LOCK TABLE {} IN ACCESS EXCLUSIVE MODE").format(sql.Identifier(table))
            connection.execute(lock)
            yield

    @contextmanager
    def ended(self) -> Iterator[None]:
        """End every connection, as a restart of the server does."""
        with self.connect() as connection:
            connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
        yield

    @contextmanager
    def sessions_read_only(self) -> Iterator[None]:
        """Leave the sessions at hand on a server that takes no writes, as after a failover, and new ones on
        one that does."""
        self._set_read_only("on")
        self._renew()
        self._set_read_only(None)
        yield

    @contextmanager
    def read_only(self) -> Iterator[None]:
        """Take no writes in any session, those at hand included."""
        self._set_read_only("on")
        self._renew()
        yield
        self._set_read_only(None)

    def _renew(self) -> None:
        with self.ended():
            pass

    def _set_read_only(self, value: str | None) -> None:
        with self.connect() as connection:
            name = sql.Identifier(connection.info.dbname)
            connection.execute("SET default_transaction_read_only = off")
            change = (
                "RESET default_transaction_read_only" if value is None else "SET default_transaction_read_only = on"
            )
            connection.execute(sql.SQL("ALTER DATABASE {} ").format(name) + sql.SQL(change))

    def _backends(self) -> list[int]:
        with self.connect() as connection:
            rows = connection.execute(
                "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() "
                "ORDER BY query LIKE '%INTO partners_requestrecord%' DESC, state_change DESC"
            )
            return [pid for (pid,) in rows]
