"""Django's PostgreSQL backend, with a health check without a round trip, and prepared statements for the API."""

import select
from collections.abc import Sequence
from typing import Any

from django.db import DEFAULT_DB_ALIAS
from django.db.backends.postgresql import base, features, operations
from psycopg import IsolationLevel
from psycopg.pq import TransactionStatus

from chartero.postgresql import plans, sessions
from chartero.postgresql.prepared import PreparedStatements, Statements

# Values are sent apart from the statement, and their number has 16 bits (PostgreSQL 15 manual, 55.7: Bind).
MOST_VALUES = 65_535


class DatabaseFeatures(features.DatabaseFeatures):
    """What PostgreSQL can do."""

    max_query_params = MOST_VALUES


class DatabaseOperations(operations.DatabaseOperations):
    """How Django writes statements."""

    def bulk_batch_size(self, fields: Sequence[Any], objs: Sequence[Any]) -> int:
        return min(len(objs), MOST_VALUES // max(len(fields), 1))


class DatabaseWrapper(base.DatabaseWrapper):
    """A connection to PostgreSQL that lives as long as its thread.

    Behind a pooler (`POOLED`), it keeps nothing in its session, and prepares statements only if these are passed on
    (`PREPARES`).
    """

    features_class = DatabaseFeatures
    ops_class = DatabaseOperations
    _planned_once = False
    _statements: Statements
    health_check_done: bool  # the type hints of Django lack it

    def __init__(self, settings_dict: dict[str, Any], alias: str = DEFAULT_DB_ALIAS) -> None:
        super().__init__(settings_dict, alias)
        self.is_pooled: bool = settings_dict.get("POOLED", False)
        self.prepares: bool = settings_dict.get("PREPARES", True)

    def get_new_connection(self, conn_params: dict[str, Any]) -> Any:
        self._planned_once = False
        self.isolation_level = IsolationLevel.READ_COMMITTED
        session = sessions.connected(**conn_params)
        session.prepare_threshold = None
        self._statements = (PreparedStatements if self.prepares else Statements)(session)
        return session

    def create_cursor(self, name: str | None = None) -> Any:
        """Return a cursor. Its statements are planned for the current kind of work."""
        self._plan_for(plans.ONCE.get())
        return super().create_cursor(name)

    def run_prepared(self, sql: str, values: Sequence[Any]) -> tuple[list[tuple[Any, ...]], int] | None:
        """Run a statement of the partner API that is prepared once for the session, if that is possible.

        Return its rows, and the number of rows found or changed. Return None if the statement must go through a cursor:
        outside the API, if a transaction has to begin with it, and if somebody watches the statements.
        """
        if not plans.ONCE.get() or self.execute_wrappers or self.queries_logged:
            return None
        if self.connection is None or not self.health_check_done:
            self.close_if_health_check_failed()
            self.ensure_connection()
        if self.in_atomic_block and self.connection.info.transaction_status == TransactionStatus.IDLE:
            return None
        self.validate_no_broken_transaction()
        with self.wrap_database_errors:
            self._plan_for(once=True)
            return self._statements.run(sql, values)

    def _plan_for(self, once: bool) -> None:
        """Change the planning mode of the session if the kind of work has changed. A session of a pool has no mode."""
        if once is not self._planned_once and not self.in_atomic_block and not self.is_pooled:
            self.connection.execute(f"SET plan_cache_mode = {plans.CACHE_MODES[once]}")
            self._planned_once = once

    def is_usable(self) -> bool:
        """Return True if the connection can serve the next request.

        A server that closes a connection says so on its socket, so a connection without waiting data is still usable.
        A statement to check this, as Django sends for each request, would take a quarter of the time of a call. After
        a failed statement, the server may have become a replica, or its plans may not fit the tables any more.
        """
        status = self.connection.info.transaction_status
        whole = status in (TransactionStatus.IDLE, TransactionStatus.INTRANS)
        return not self.errors_occurred and ((whole and not self._something_waits()) or super().is_usable())

    def _something_waits(self) -> bool:
        socket = select.poll()
        socket.register(self.connection.fileno(), select.POLLIN)
        return bool(socket.poll(0))
