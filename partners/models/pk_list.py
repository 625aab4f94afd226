"""A column of primary keys: `bigint[]` on PostgreSQL, where an index finds a row by one of them, JSON on SQLite."""

from collections.abc import Sequence
from typing import Any

import orjson
from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models.lookups import Lookup


class PkListField(models.Field):
    """A list of primary keys. `__holds=pk` finds the rows whose list has one."""

    def db_type(self, connection: BaseDatabaseWrapper) -> str:
        return "bigint[]" if connection.vendor == "postgresql" else "text"

    def get_db_prep_value(self, value: Any, connection: BaseDatabaseWrapper, prepared: bool = False) -> Any:
        return adapted(connection, value)

    def from_db_value(self, value: Any, expression: Any, connection: BaseDatabaseWrapper) -> list[int]:
        """Return the list that the database gave."""
        return value if isinstance(value, list) else list(orjson.loads(value))


@PkListField.register_lookup
class Holds(Lookup):
    """Whether a list has one primary key."""

    lookup_name = "holds"
    prepare_rhs = False

    def as_sql(self, compiler: Any, connection: BaseDatabaseWrapper) -> tuple[str, tuple[str | int, ...]]:
        """Return the condition, in PostgreSQL's operator that its index knows."""
        column, _ = self.process_lhs(compiler, connection)
        if connection.vendor == "postgresql":
            return f"{column} @> ARRAY[%s]::bigint[]", (self.rhs,)
        return f"EXISTS (SELECT 1 FROM json_each({column}) WHERE value = %s)", (self.rhs,)  # noqa: S608 – a column's name


def adapted(connection: BaseDatabaseWrapper, pks: Sequence[int]) -> str:
    """Return the list as a parameter of a statement, in the text of an array or of JSON."""
    text = ",".join(map(str, pks))
    return f"{{{text}}}" if connection.vendor == "postgresql" else f"[{text}]"
