"""Django's own backend, with a health check that needs no round trip, and with prepared statements and their plans."""

import select
from collections.abc import Sequence
from types import TracebackType
from typing import Any

from django.db.backends.postgresql import base, features, operations, schema

from chartero.postgresql import plans

# Values travel apart from their statement, and their number has 16 bits (PostgreSQL 15 manual, 55.7: Bind).
MOST_VALUES = 65_535


class DatabaseFeatures(features.DatabaseFeatures):
    """What PostgreSQL can do."""

    max_query_params = MOST_VALUES


class DatabaseOperations(operations.DatabaseOperations):
    """How Django writes its statements."""

    def bulk_batch_size(self, fields: Sequence[Any], objs: Sequence[Any]) -> int:
        return min(len(objs), MOST_VALUES // max(len(fields), 1))


class SchemaEditor(schema.DatabaseSchemaEditor):
    """Changes tables with statements that are sent several at once, which PostgreSQL cannot prepare."""

    def __enter__(self) -> "SchemaEditor":
        self.connection.ensure_connection()
        self._threshold = self.connection.connection.prepare_threshold
        self.connection.connection.prepare_threshold = None
        super().__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            super().__exit__(kind, fault, trace)
        finally:
            self.connection.connection.prepare_threshold = self._threshold


class DatabaseWrapper(base.DatabaseWrapper):
    """A connection to PostgreSQL that lives as long as its thread."""

    SchemaEditorClass = SchemaEditor
    features_class = DatabaseFeatures
    ops_class = DatabaseOperations
    _plan_mode = plans.FOR_EACH_CALL

    def get_connection_params(self) -> dict[str, Any]:
        """Return what a session begins with."""
        params = super().get_connection_params()
        options = f"{params.get('options', '')} -c plan_cache_mode={plans.FOR_EACH_CALL}"
        return params | {"options": options.strip()}

    def get_new_connection(self, conn_params: dict[str, Any]) -> Any:
        self._plan_mode = plans.FOR_EACH_CALL
        return super().get_new_connection(conn_params)

    def create_cursor(self, name: str | None = None) -> Any:
        """Return a cursor; a session changes its mode of planning only when the kind of its work changes."""
        mode = plans.MODE.get()
        if mode != self._plan_mode and not self.in_atomic_block:
            self.connection.execute(f"SET plan_cache_mode = {mode}", prepare=False)
            self._plan_mode = mode
        return super().create_cursor(name)

    def is_usable(self) -> bool:
        """Tell whether the connection can take the next request.

        A server that ends a connection says so on its socket, so one on which nothing waits is as good as it was: to
        ask by a statement, as Django does for each request, takes as long as half an answer.
        """
        if self.connection.closed:
            return False
        socket = select.poll()
        socket.register(self.connection.fileno(), select.POLLIN)
        return not socket.poll(0) or super().is_usable()
