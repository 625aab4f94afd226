"""JSON made inside SQL, in the words of each database: the same text on both, but for the digits of a float."""

from collections.abc import Mapping
from typing import Protocol


class Dialect(Protocol):
    """How one database writes RFC 3339 and RFC 8259."""

    def time(self, column: str) -> str:
        """Return SQL for an instant in UTC with `Z`; a fraction has six digits and is there only if it is not zero."""

    def number(self, column: str) -> str:
        """Return SQL for a float of a common size as JSON that reads back as the same float."""

    def json_object(self, members: Mapping[str, str]) -> str:
        """Return SQL for an object with these members, each given as SQL, in this order and without blanks."""

    def json_array(self, item: str, source: str) -> str:
        """Return SQL for the array of `item` over the rows of `source` (FROM … WHERE … ORDER BY …)."""

    def json_or_null(self, condition: str, json: str) -> str:
        """Return SQL for JSON where a condition holds, else for null."""


class PostgreSQL:
    """Its row_to_json leaves out the blanks that its json_build_object writes."""

    def time(self, column: str) -> str:
        whole, exact = 'YYYY-MM-DD"T"HH24:MI:SS"Z"', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'
        pattern = f"CASE WHEN date_trunc('second', {column}) = {column} THEN '{whole}' ELSE '{exact}' END"
        return f"to_char({column} AT TIME ZONE 'UTC', {pattern})"

    def number(self, column: str) -> str:
        return column

    def json_object(self, members: Mapping[str, str]) -> str:
        columns = ", ".join(f"{sql} AS {name}" for name, sql in members.items())
        return f"(SELECT row_to_json(item) FROM (SELECT {columns}) AS item)"  # noqa: S608 – of serializers

    def json_array(self, item: str, source: str) -> str:
        return f"array_to_json(ARRAY(SELECT {item} {source}))"

    def json_or_null(self, condition: str, json: str) -> str:
        return f"CASE WHEN {condition} THEN {json} END"


class SQLite:
    """It knows JSON from text only where a function has just made it, so what is nested goes through json()."""

    def time(self, column: str) -> str:
        return f"replace({column}, ' ', 'T') || 'Z'"

    def number(self, column: str) -> str:
        """Return the number as it is where SQLite's own fifteen digits tell it exactly, else with seventeen.

        A per cent sign is doubled, as Django's cursors take a statement with parameters.
        """
        short, long = (f"printf('%%!.{digits}g', {column})" for digits in (15, 17))
        return f"CASE WHEN CAST({short} AS REAL) <> {column} THEN json({long}) ELSE {column} END"

    def json_object(self, members: Mapping[str, str]) -> str:
        pairs = ", ".join(f"'{name}', {sql}" for name, sql in members.items())
        return f"json_object({pairs})"

    def json_array(self, item: str, source: str) -> str:
        return f"json((SELECT json_group_array(json(item)) FROM (SELECT {item} AS item {source})))"  # noqa: S608 – of serializers

    def json_or_null(self, condition: str, json: str) -> str:
        return f"json(CASE WHEN {condition} THEN {json} END)"


DIALECTS: dict[str, Dialect] = {"postgresql": PostgreSQL(), "sqlite": SQLite()}
