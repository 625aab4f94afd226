"""Statements that are sent straight to libpq.

The cursors of Django and psycopg adapt the text of a statement, its values and its rows for each execution, which takes
longer than the database does. Here, a session prepares a statement at its first use, and then only sends the values.
Behind a pooler that doesn't pass on prepared statements, their text is sent each time.
"""

from collections.abc import Callable, Generator, Sequence
from datetime import datetime
from typing import Any

import psycopg
from psycopg import errors
from psycopg.adapt import Transformer
from psycopg.generators import execute
from psycopg.pq import ExecStatus
from psycopg.pq.abc import PGresult

SUCCEEDED = (ExecStatus.TUPLES_OK, ExecStatus.COMMAND_OK)
NAME = "call_"  # a prepared statement's, before its number


class Statements:
    """The statements of a session. Their text is sent with their values each time."""

    def __init__(self, session: psycopg.Connection[Any]) -> None:
        self._session = session
        self._transformer = Transformer(session)
        self._known: dict[str, bytes] = {}

    def run(self, sql: str, values: Sequence[Any]) -> tuple[list[tuple[Any, ...]], int]:
        """Return the rows, and the number of rows found or changed. Raise psycopg's errors."""
        self._send(self._known.get(sql) or self._learn(sql), _texts(values))
        result = self._answer()
        self._transformer.set_pgresult(result)
        return self._transformer.load_rows(0, result.ntuples, tuple), result.command_tuples or 0

    def _send(self, known: bytes, values: list[bytes | None]) -> None:
        self._session.pgconn.send_query_params(known, values)

    def _learn(self, sql: str) -> bytes:
        self._known[sql] = _numbered(sql)
        return self._known[sql]

    def _answer(self) -> PGresult:
        answer: PGresult = self._session.wait(self._answered())
        return answer

    def _answered(self) -> Generator[Any, Any, PGresult]:
        """Return the result of a statement. The session learns of an error too: maybe the statement took too long.

        If the server ends the session, a pooler adds an error of its own. The first says what happened.
        """
        result: PGresult
        result, *_ = yield from execute(self._session.pgconn)
        if result.status not in SUCCEEDED:
            raise errors.error_from_result(result)
        return result


class PreparedStatements(Statements):
    """The statements that a session has prepared. psycopg itself must prepare none in that session.

    Otherwise psycopg would send DEALLOCATE ALL after a rollback, which would remove these statements as well.
    """

    def _send(self, known: bytes, values: list[bytes | None]) -> None:
        self._session.pgconn.send_query_prepared(known, values)

    def _learn(self, sql: str) -> bytes:
        name = f"{NAME}{len(self._known)}".encode()
        self._session.pgconn.send_prepare(name, _numbered(sql))
        self._answer()
        self._known[sql] = name
        return name


def _numbered(sql: str) -> bytes:
    """Return a statement with its places as PostgreSQL writes them."""
    return (sql % tuple(f"${number}" for number in range(1, sql.count("%s") + 1))).encode()


# PostgreSQL reads each value as the type of its place in the statement.
_TO_TEXT: dict[type, Callable[[Any], bytes]] = {
    str: str.encode,
    int: b"%d".__mod__,
    bool: lambda value: b"t" if value else b"f",
    bytes: lambda value: b"\\x" + value.hex().encode(),
    datetime: lambda value: value.isoformat().encode(),
}


def _texts(values: Sequence[Any]) -> list[bytes | None]:
    """Return the texts of values. A type that isn't listed is an error of ours, and raises KeyError."""
    texts = [None if value is None else _TO_TEXT[type(value)](value) for value in values]
    if b"\0" in b"".join(filter(None, texts)):  # libpq would end the text there
        raise psycopg.DataError("PostgreSQL can't store a NUL character")
    return texts
