"""Add the records of the ledger to the counts of usage, each exactly once, in the order of their ids.

A count never misses a record that is committed late. Ids are assigned in order but committed out of order, so before
the records up to an id are added, every transaction that may still commit one of them must have ended. Writers of
records are never blocked: the lock is on the row of the progress, which no call reads.
"""

from partners import pacing, writers
from partners.models import UsageProgress
from partners.usage import hours
from partners.usage.hours import execute, rows

BATCH = 10_000  # records in one transaction, well below half a second

_LAST = """
SELECT max(id) FROM (SELECT id FROM partners_requestrecord WHERE id > %s ORDER BY id LIMIT %s) AS batch
"""
_BATCH = "id > %s AND id <= %s"
_NUMBER = "SELECT count(*) FROM partners_requestrecord WHERE id > %s AND id <= %s"
_ADD = """
INSERT INTO partners_usagecount (kind, owner, hour, reason_code, calls)
SELECT kind, owner, hour, reason_code, calls FROM ({counted}) AS new WHERE hour >= %s
ON CONFLICT (kind, owner, hour, reason_code) DO UPDATE SET calls = partners_usagecount.calls + excluded.calls
"""
_FIRST = "SELECT min(hour) FROM partners_usagecount"
_DROP = "DELETE FROM partners_usagecount WHERE hour = %s"


def count() -> int:
    """Add every record that waits, in batches, and return how many there were.

    Ends early if another process is counting, or while a transaction that writes records doesn't end.
    """
    total, added = 0, 1
    while added:
        with pacing.step():
            added = add_batch(writers.PATIENCE)
        total += added
    return total


def add_batch(patience: float) -> int:
    """Add the next records and return how many there were. `patience`: seconds to wait for their writers.

    Call it in a transaction of its own.
    """
    counted_to = lock_progress(wait=False)
    last = None if counted_to is None else rows(_LAST, counted_to, BATCH)[0][0]
    if last is None or not writers.ended("partners_requestrecord", patience):
        return 0
    counted = hours.by_kind(_BATCH)
    execute(_ADD.format(counted=counted), counted_to, last, hours.value(hours.oldest_kept()))
    UsageProgress.objects.update(counted_to=last)
    return int(rows(_NUMBER, counted_to, last)[0][0])


def lock_progress(*, wait: bool = True) -> int | None:
    """Return the id up to which records are counted, and let nobody else count until the transaction ends.

    None if another process is counting and this one isn't to wait.
    """
    if not UsageProgress.objects.exists():
        UsageProgress.objects.bulk_create([UsageProgress()], ignore_conflicts=True)
    locked = UsageProgress.objects.select_for_update(skip_locked=not wait)
    return locked.values_list("counted_to", flat=True).first()


def prune() -> None:
    """Delete the counts that no chart shows any more, an hour at a time."""
    while (first := rows(_FIRST)[0][0]) is not None and hours.moment(first) < hours.oldest_kept():
        with pacing.step():
            execute(_DROP, first)
