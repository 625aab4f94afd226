"""Drop the partitions all of whose rows are old enough, each whole.

No trigger sees that. So the age of each row is looked at here, also by the clock of the database.
"""

from collections.abc import Callable, Iterator
from datetime import datetime
from functools import partial

from django.db import IntegrityError
from django.db.backends.base.base import BaseDatabaseWrapper

from partners.partitions import patience
from partners.partitions.patience import execute
from partners.partitions.present import LEDGER, Partition, ends_before

_ROWS = """
SELECT count(*), count(*) FILTER (WHERE occurred_at >= %s OR occurred_at > now() - interval '6 years') FROM {name}
"""


def drop(connection: BaseDatabaseWrapper, cutoff: datetime, begin: Callable[[int], None]) -> Iterator[int]:
    """Drop those that end before the cutoff, and yield how many rows each had. Processes that do so take turns.

    `begin` is called with that number in the same transaction.
    """
    for each in ends_before(connection, cutoff):
        yield patience.again(connection, partial(_drop, connection, each, cutoff, begin))


def _drop(connection: BaseDatabaseWrapper, each: Partition, cutoff: datetime, begin: Callable[[int], None]) -> int:
    """Drop one, unless another process did. Calls wait only from the moment at which it is detached."""
    execute(connection, f"LOCK TABLE ONLY {LEDGER} IN SHARE UPDATE EXCLUSIVE MODE")
    if each not in ends_before(connection, cutoff):
        return 0
    execute(connection, f"LOCK TABLE {each.name} IN SHARE MODE")
    number = _counted(connection, each, cutoff)
    begin(number)
    patience.hurry(connection)
    execute(connection, f"ALTER TABLE {LEDGER} DETACH PARTITION {each.name}")
    execute(connection, f"DROP TABLE {each.name}")
    return number


def _counted(connection: BaseDatabaseWrapper, each: Partition, cutoff: datetime) -> int:
    """Return how many rows it has; raise IntegrityError if one is too young, whatever its bounds say."""
    with connection.cursor() as cursor:
        cursor.execute(_ROWS.format(name=each.name), [cutoff])
        number, young = cursor.fetchone()
    if young:
        raise IntegrityError("a record is kept for six years")
    return int(number)
