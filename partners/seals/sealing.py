"""Seal the rows that are certainly committed, each exactly once, without keeping any call waiting.

A seal covers ids up to the last row that can be seen, once every transaction that may still commit a smaller id has
ended. The next seal of the table begins with the id after it. So a row that is committed late waits with all that have
larger ids, and is in one seal, never in two and never in none.

Nothing is locked, and calls get their turn after each seal. Of two processes that make the seal with the same number,
the database lets one in.
"""

from django.db import IntegrityError, connection
from django.utils import timezone

from partners import pacing, writers
from partners.keys import seal_keys
from partners.models.seal import FULL, NO_SEAL, Seal
from partners.seals import merkle
from partners.seals.canonical import rows
from partners.seals.canonical.tables import TABLES, SealedTable

_NEXT = "SELECT max(id), count(*) FROM (SELECT id FROM {table} WHERE id > %s ORDER BY id LIMIT %s) AS batch"


def seal(patience: float = writers.PATIENCE) -> dict[str, int]:
    """Seal what waits in every table, and return how many rows of each were sealed.

    A table is left for the next run if another process seals, or while a transaction that writes its rows doesn't end.
    Raise SealKeyUnavailable if no key is loaded.
    """
    number = seal_keys.current()
    return {table.name: _seal_all(table, number, patience) for table in TABLES.values()}


def _seal_all(table: SealedTable, key_number: int, patience: float) -> int:
    sealed = 0
    while made := _seal_next(table, key_number, patience):
        sealed += made.count
    return sealed


def _seal_next(table: SealedTable, key_number: int, patience: float) -> Seal | None:
    """Seal the next rows of a table. Return None if there are none that can be sealed now."""
    head = Seal.objects.newest()  # read first: a seal that another process makes after this has the same number
    before = Seal.objects.last_of(table.name)
    after = before.last_id if before else rows.BELOW_ALL  # the first seal covers every id below its first row too
    last, number = _next(table, after)
    if last is None or not writers.ended(table.db_table, patience):
        return None
    found = [row.sealed.packed() for row in rows.read(table, table.form, after, last)]
    if len(found) < number:  # some were pruned meanwhile, and a seal that isn't full must have all rows
        return None
    made = Seal(
        number=head.number + 1 if head else 1,
        sealed_at=timezone.now(),
        table=table.name,
        form=table.form,
        first_id=after + 1,
        last_id=last,
        count=len(found),
        root=merkle.root(found),
        previous=head.digest() if head else NO_SEAL,
        key_number=key_number,
        rows=b"".join(found),
    )
    made.signature = seal_keys.sign(made.statement(), key_number)
    return made if _saved(made) else None


def _saved(made: Seal) -> bool:
    """Save the seal; return False if another process made one first."""
    try:
        with pacing.step():
            made.save(force_insert=True)
    except IntegrityError:
        return False
    return True


def _next(table: SealedTable, after: int) -> tuple[int | None, int]:
    """Return the last id that the next seal covers, None without rows, and how many rows can be seen up to it."""
    with connection.cursor() as cursor:
        cursor.execute(_NEXT.format(table=table.db_table), [after, FULL])
        last, number = cursor.fetchone()
        return last, number
