"""The SQL statements of the partner API. They are written by hand, because they run on every call.

Our backend for PostgreSQL prepares each of them once for a session, and then only sends the values
(`chartero/postgresql`). Otherwise they go through Django's cursors.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db import DEFAULT_DB_ALIAS, connections

Result = tuple[list[Any], int]  # the rows, and the number of rows found or changed


class Statement:
    """A fixed SQL statement with `%s` for each value. Values and rows are those of Django's cursors."""

    def __init__(self, sql: str) -> None:
        self.sql = sql

    def rows(self, *values: Any, using: str = DEFAULT_DB_ALIAS) -> list[Any]:
        """Return the rows that the statement finds."""
        return self._run(values, using)[0]

    def execute(self, *values: Any) -> int:
        """Return the number of rows that the statement changed."""
        return self._run(values, DEFAULT_DB_ALIAS)[1]

    def _run(self, values: Sequence[Any], using: str) -> Result:
        database = connections[using]
        run_prepared = getattr(database, "run_prepared", None)
        result: Result | None = run_prepared(self.sql, values) if run_prepared else None
        if result is not None:
            return result
        adapt = database.ops.adapt_datetimefield_value
        with database.cursor() as cursor:
            cursor.execute(self.sql, [adapt(value) if isinstance(value, datetime) else value for value in values])
            return cursor.fetchall() if cursor.description else [], cursor.rowcount
