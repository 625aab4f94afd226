"""How each database builds JSON in SQL. Both give the same text, except for the digits of a float."""

from collections.abc import Mapping
from typing import Protocol


class Dialect(Protocol):
    """How one database writes times (RFC 3339) and JSON (RFC 8259)."""

    def time(self, column: str) -> str:
        """Return SQL for an instant in UTC with `Z`. A fraction has six digits and is left out if it is zero."""

    def number(self, column: str) -> str:
        """Return SQL that writes a float of a common size as JSON that parses to the same float."""

    def json_object(self, members: Mapping[str, str]) -> str:
        """Return SQL for an object with these members, each given as SQL, in this order and without spaces."""

    def json_array(self, item: str, source: str) -> str:
        """Return SQL for the array of `item` over the rows of `source` (FROM … WHERE … ORDER BY …)."""

    def json_or_null(self, condition: str, json: str) -> str:
        """Return SQL for the JSON if the condition is true, and for null otherwise."""


class PostgreSQL:
    """PostgreSQL: row_to_json is used because json_build_object writes spaces."""

    def time(self, column: str) -> str:
        whole, exact = 'YYYY-MM-DD"T"HH24:MI:SS"Z"', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'
        pattern = f"CASE WHEN date_trunc('second', {column}) = {column} THEN '{whole}' ELSE '{exact}' END"
        return f"to_char({column} AT TIME ZONE 'UTC', {pattern})"

    def number(self, column: str) -> str:
        return column

    def json_object(self, members: Mapping[str, str]) -> str:
        columns = ", ".join(f"{sql} AS {name}" for name, sql in members.items())
        return f"(SELECT row_to_json(item) FROM (SELECT {columns}) AS item)"  # noqa: S608

    def json_array(self, item: str, source: str) -> str:
        return f"array_to_json(ARRAY(SELECT {item} {source}))"

    def json_or_null(self, condition: str, json: str) -> str:
        return f"CASE WHEN {condition} THEN {json} END"


class SQLite:
    """SQLite: it treats a value as JSON only directly after a JSON function, so nested values go through json()."""

    def time(self, column: str) -> str:
        return f"replace({column}, ' ', 'T') || 'Z'"

    def number(self, column: str) -> str:
        """Return the number unchanged if SQLite's fifteen digits represent it exactly, otherwise with seventeen.

        Percent signs are doubled because Django's cursors replace parameters in the statement.
        """
        short, long = (f"printf('%%!.{digits}g', {column})" for digits in (15, 17))
        return f"CASE WHEN CAST({short} AS REAL) <> {column} THEN json({long}) ELSE {column} END"

    def json_object(self, members: Mapping[str, str]) -> str:
        pairs = ", ".join(f"'{name}', {sql}" for name, sql in members.items())
        return f"json_object({pairs})"

    def json_array(self, item: str, source: str) -> str:
        return f"json((SELECT json_group_array(json(item)) FROM (SELECT {item} AS item {source})))"  # noqa: S608

    def json_or_null(self, condition: str, json: str) -> str:
        return f"json(CASE WHEN {condition} THEN {json} END)"


DIALECTS: dict[str, Dialect] = {"postgresql": PostgreSQL(), "sqlite": SQLite()}
