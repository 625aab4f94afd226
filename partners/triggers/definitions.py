"""What a trigger is on each database, and all triggers that the apps define."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from django.db.backends.base.base import BaseDatabaseWrapper

from partners.partitions.present import LEDGER


@dataclass(frozen=True, slots=True)
class Function:
    """A function of PostgreSQL, in PL/pgSQL. Its body and settings are given as the catalogue shows them.

    A function that names tables finds those of the schema that it was created in, whichever session it runs in.
    """

    name: str
    body: str
    returns: str = "trigger"
    names_tables: bool = True
    settings: tuple[str, ...] = ()  # such as "jit=off"

    def create(self, schema: str) -> str:
        """Return the statement that creates it in this schema."""
        path = (f"search_path={schema}, pg_temp",) if self.names_tables else ()
        settings = "".join(f" SET {each.replace('=', ' TO ')}" for each in (*path, *self.settings))
        head = f"CREATE OR REPLACE FUNCTION {self.name}() RETURNS {self.returns} LANGUAGE plpgsql"
        return f"{head}{settings} AS $${self.body}$$"


@dataclass(frozen=True, slots=True)
class Definition:
    """A trigger: the statement that creates it, as the catalogue shows it, and the function that it calls.

    On PostgreSQL the catalogue shows the conditions of WHEN in other words, so they belong in the function.
    """

    name: str
    table: str
    sql: str
    function: Function | None = None

    @property
    def is_of_rows(self) -> bool:
        """Return True if PostgreSQL itself makes it on each partition of its table, and alters and drops it there."""
        return "FOR EACH ROW" in self.sql

    def on_partition(self, name: str) -> "Definition":
        """Return the same trigger on a partition of its table."""
        return replace(self, table=name, sql=self.sql.replace(f" ON {self.table} ", f" ON {name} ", 1))


@dataclass(frozen=True, slots=True)
class TriggerSet:
    """The triggers of one purpose on each database, and the functions that theirs call."""

    sqlite: tuple[Definition, ...]
    postgresql: tuple[Definition, ...]
    helpers: tuple[Function, ...] = ()

    def on(self, connection: BaseDatabaseWrapper) -> tuple[Definition, ...]:
        """Return the triggers for this database."""
        return self.sqlite if connection.vendor == "sqlite" else self.postgresql

    def on_partitions(self, names: Sequence[str]) -> tuple[Definition, ...]:
        """Return the triggers that these partitions of the ledger must have."""
        return tuple(each.on_partition(name) for each in self.postgresql if each.table == LEDGER for name in names)

    def functions(self, connection: BaseDatabaseWrapper) -> list[Function]:
        """Return each function once, those that are called by others first. SQLite has none."""
        called = [each.function for each in self.on(connection) if each.function is not None]
        return list(dict.fromkeys([*self.helpers, *called])) if called else []


_SETS: list[TriggerSet] = []


def register(triggers: TriggerSet) -> None:
    """Add triggers to those that a database must have. Apps do this when they are ready."""
    _SETS.append(triggers)


def registered() -> tuple[TriggerSet, ...]:
    """Return what the apps have added."""
    return tuple(_SETS)
