"""Make partitions: for the months to come, and for rows that came into the net because nobody did.

A new table is attached only when it is complete, so calls continue meanwhile.
"""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta
from functools import partial

from django.db import Error, IntegrityError, OperationalError
from django.db.backends.base.base import BaseDatabaseWrapper

from partners.partitions import patience
from partners.partitions.months import following, month_of
from partners.partitions.patience import column, execute
from partners.partitions.present import LEDGER, NET, holds_rows, lacking, now, partitions

AHEAD = 4  # months
EARLY = timedelta(days=7)  # for so long no bound is set that the clock reaches while rows are still checked against it
MONTH = f"{LEDGER}_%Y_%m"
_UNBOUND = "DROP CONSTRAINT IF EXISTS bounds"

# Only the unique index is ours to make: attaching makes those that the ledger has.
_TABLE = """
CREATE TABLE {name} (LIKE {ledger} INCLUDING DEFAULTS INCLUDING CONSTRAINTS INCLUDING STORAGE INCLUDING COMPRESSION)
WITH (autovacuum_vacuum_insert_scale_factor = 0.01)
"""
_UNIQUE = "CREATE UNIQUE INDEX {name}_request_id ON {name} (request_id)"
_OWNER = """
SELECT format('ALTER TABLE %%I OWNER TO %%I', %s::text, pg_get_userbyid(relowner)) FROM pg_class
WHERE oid = to_regclass('partners_requestrecord')
"""
# Triggers of a row come with attaching, those of a statement don't.
_OF_STATEMENTS = """
SELECT replace(pg_get_triggerdef(oid, true), ' ON partners_requestrecord ', ' ON ' || %s || ' ') FROM pg_trigger
WHERE tgrelid = to_regclass('partners_requestrecord') AND NOT tgisinternal AND tgtype & 1 = 0 ORDER BY tgname
"""
# Whatever default privileges may have given: everybody but the owner reaches rows by the ledger alone.
_REVOKED = """
SELECT DISTINCT format('REVOKE ALL ON %%s FROM %%s', oid::regclass,
    CASE grantee WHEN 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(grantee)) END)
FROM pg_class JOIN (
    SELECT oid, relacl AS given FROM pg_class UNION ALL SELECT attrelid, attacl FROM pg_attribute
) AS privileges USING (oid), aclexplode(given) WHERE oid = to_regclass(%s) AND grantee <> relowner
"""
_IS_BOUNDED = """
SELECT conname FROM pg_constraint WHERE conname = 'bounds' AND conrelid = to_regclass('partners_requestrecord_net')
"""


def ahead(connection: BaseDatabaseWrapper, number: int = AHEAD) -> list[str]:
    """Make what this month and the next ones lack, unless another run is at it, and return the names of what was made.

    A month of which the net holds a row, and can't become its partition, stays as it is: `present.faults` names it.
    """
    if not partitions(connection):
        return []
    with patience.alone(connection) as is_alone:
        return _ahead(connection, number) if is_alone else []


def _ahead(connection: BaseDatabaseWrapper, number: int) -> list[str]:
    if column(connection, _IS_BOUNDED):  # of a run that was killed
        patience.again(connection, partial(_alter, connection, NET, _UNBOUND))
    made = _out_of_net(connection) if holds_rows(connection) else []
    for month in lacking(connection, number):
        with suppress(IntegrityError):
            made += patience.again(connection, partial(_make, connection, month))
    if made:
        execute(connection, f"ANALYZE {LEDGER}")  # autovacuum looks at each partition, and never at the whole
    return made


def _make(connection: BaseDatabaseWrapper, month: datetime) -> list[str]:
    """Make a partition and return its name, unless another process made it."""
    execute(connection, f"LOCK TABLE ONLY {LEDGER} IN SHARE UPDATE EXCLUSIVE MODE")
    if any(each.covers(month) for each in partitions(connection)):
        return []
    name = f"{month:{MONTH}}"
    table(connection, name)
    patience.hurry(connection)
    attach(connection, name, month, following(month))
    return [name]


def table(connection: BaseDatabaseWrapper, name: str) -> None:
    """Create a table that has everything but what comes with attaching it."""
    execute(connection, _TABLE.format(name=name, ledger=LEDGER))
    execute(connection, _UNIQUE.format(name=name))
    for statement in column(connection, _OF_STATEMENTS, name):
        execute(connection, statement)
    withhold(connection, name)


def withhold(connection: BaseDatabaseWrapper, name: str) -> None:
    """Let a table have the owner of the ledger, and nobody else reach it directly."""
    owned = column(connection, _OWNER, name)
    for statement in [*owned, *column(connection, _REVOKED, name)]:
        execute(connection, statement)


def attach(connection: BaseDatabaseWrapper, name: str, start: datetime | None, end: datetime) -> None:
    """Make a table a partition."""
    low = "MINVALUE" if start is None else f"'{start.isoformat()}'"
    values = f"FROM ({low}) TO ('{end.isoformat()}')"
    execute(connection, f"ALTER TABLE {LEDGER} ATTACH PARTITION {name} FOR VALUES {values}")


def attach_net(connection: BaseDatabaseWrapper) -> None:
    """Make the partition for rows that belong nowhere else."""
    table(connection, NET)
    execute(connection, f"ALTER TABLE {LEDGER} ATTACH PARTITION {NET} DEFAULT")


@contextmanager
def bounded(connection: BaseDatabaseWrapper, name: str, low: datetime | None, end: datetime) -> Iterator[None]:
    """Check that all rows of a table are within bounds, so that attaching it needs no look at them. Calls continue.

    If it isn't attached after all, the table must not refuse other rows for ever.
    """
    above = "" if low is None else f" AND occurred_at >= '{low.isoformat()}'"
    check = f"CHECK (occurred_at < '{end.isoformat()}'{above}) NOT VALID"
    old_and_new = f"{_UNBOUND}, ADD CONSTRAINT bounds {check}"
    patience.again(connection, partial(_alter, connection, name, old_and_new))
    try:
        execute(connection, f"ALTER TABLE {name} VALIDATE CONSTRAINT bounds")
        yield
    except BaseException:
        _unbind(connection, name, end)
        raise


def _unbind(connection: BaseDatabaseWrapper, name: str, end: datetime) -> None:
    """Take the check away; where that fails too, say what somebody has to do until when."""
    try:
        patience.again(connection, partial(_alter, connection, name, _UNBOUND))
    except Error as fault:
        way_out = f"Before that day, run: ALTER TABLE {name} {_UNBOUND};"
        raise OperationalError(f"{name} will refuse rows from {end:%Y-%m-%d} on. {way_out}") from fault


def _alter(connection: BaseDatabaseWrapper, name: str, how: str) -> None:
    execute(connection, f"LOCK TABLE ONLY {name} IN SHARE UPDATE EXCLUSIVE MODE")
    patience.hurry(connection)
    execute(connection, f"ALTER TABLE {name} {how}")


def _out_of_net(connection: BaseDatabaseWrapper) -> list[str]:
    """Make the net, if it holds rows, the partition of their months, without moving one; and a new net.

    Not if it has rows from before and after another partition, or of a month after those that are made ahead.
    """
    if (span := _span(connection)) is None:
        return []
    with bounded(connection, NET, *span):
        patience.again(connection, partial(_exchange, connection, *span))
    return [f"{span[0]:{MONTH}}"]


def _span(connection: BaseDatabaseWrapper) -> tuple[datetime, datetime] | None:
    """Return the months of the rows in the net; None if they can't be one partition."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT min(occurred_at), max(occurred_at) FROM partners_requestrecord_net")
        oldest, newest = cursor.fetchone()
    start, end, today = month_of(oldest), following(month_of(newest)), now(connection)
    if end > following(month_of(today), AHEAD + 1):
        return None
    others = [each for each in partitions(connection) if each.end is not None and each.end > start]
    later = min((each.start for each in others if each.start is not None), default=None)
    if later is None:
        end = max(end, following(month_of(today + EARLY)))
    return (start, end) if later is None or end <= later else None


def _exchange(connection: BaseDatabaseWrapper, start: datetime, end: datetime) -> None:
    name = f"{start:{MONTH}}"
    for each in (LEDGER, NET):
        execute(connection, f"LOCK TABLE ONLY {each} IN SHARE UPDATE EXCLUSIVE MODE")
    patience.hurry(connection)
    execute(connection, f"ALTER TABLE {LEDGER} DETACH PARTITION {NET}")
    execute(connection, f"ALTER TABLE {NET} RENAME TO {name}")
    execute(connection, f"ALTER INDEX {NET}_request_id RENAME TO {name}_request_id")
    attach(connection, name, start, end)
    execute(connection, f"ALTER TABLE {name} DROP CONSTRAINT bounds")
    attach_net(connection)
