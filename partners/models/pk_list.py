"""A column for a list of primary keys: `bigint[]` on PostgreSQL, where an index can find one of them, or JSON."""

from collections.abc import Sequence
from typing import Any

import orjson
from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models.lookups import Lookup


class PkListField(models.Field):
    """A list of primary keys. `__holds=pk` finds the rows whose list contains it."""

    def db_type(self, connection: BaseDatabaseWrapper) -> str:
        return "bigint[]" if connection.vendor == "postgresql" else "text"

    def get_db_prep_value(self, value: Any, connection: BaseDatabaseWrapper, prepared: bool = False) -> Any:
        return adapted(connection, value)

    def from_db_value(self, value: Any, expression: Any, connection: BaseDatabaseWrapper) -> list[int]:
        """Return the list of a row."""
        return value if isinstance(value, list) else list(orjson.loads(value))


@PkListField.register_lookup
class Holds(Lookup):
    """The lookup for lists that contain a primary key."""

    lookup_name = "holds"
    prepare_rhs = False

    def as_sql(self, compiler: Any, connection: BaseDatabaseWrapper) -> tuple[str, tuple[str | int, ...]]:
        """Return the condition. On PostgreSQL it uses the operator that a GIN index supports."""
        column, _ = self.process_lhs(compiler, connection)
        if connection.vendor == "postgresql":
            return f"{column} @> ARRAY[%s]::bigint[]", (self.rhs,)
        return f"EXISTS (SELECT 1 FROM json_each({column}) WHERE value = %s)", (self.rhs,)  # noqa: S608 – a column


def adapted(connection: BaseDatabaseWrapper, pks: Sequence[int]) -> str:
    """Return the list as a parameter of a statement: the text of an array or of JSON."""
    text = ",".join(map(str, pks))
    return f"{{{text}}}" if connection.vendor == "postgresql" else f"[{text}]"
