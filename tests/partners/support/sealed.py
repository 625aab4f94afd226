"""A small record with gaps between its ids, sealed three times, and what the owner of the database does to it."""

import dataclasses
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

from django.db import connection, transaction
from django.utils import timezone

from partners.models import ApiKey, ChangeEvent, RequestRecord, Seal, Verification, triggers
from partners.models.change import Action
from partners.seals import sealing, verifying
from partners.seals.checkpoints import Checkpoint
from partners.triggers import installing
from tests.factories import OrganizationFactory, RequestRecordFactory, issue
from tests.partners.support import aged

FIRST, STEP = 10**9, 10  # above all ids of a run: on PostgreSQL no rollback takes back what a sequence gave
PARTS = 3


@dataclasses.dataclass
class Sealed:
    """The rows by id, and the checkpoint that left the machine."""

    key: ApiKey
    requests: list[RequestRecord]
    changes: list[ChangeEvent]
    checkpoint: Checkpoint

    def faults(self) -> set[tuple[str, str, int | None]]:
        """Return the first fault of each kind in each table: the table, the kind, the row or the seal."""
        found = verifying.verify(checkpoint=self.checkpoint).first.values()
        return {(each.table, each.kind.code, each.seal if each.table == "seals" else each.row) for each in found}


def request(key: ApiKey, pk: int, at: datetime | None = None, **values) -> RequestRecord:
    return RequestRecordFactory(
        id=pk, api_key=key, occurred_at=at or timezone.now(), encounters=[pk], patients=[pk + 1, 7], **values
    )


def change(pk: int, at: datetime | None = None, **values) -> ChangeEvent:
    values = {"action": Action.CONTACT_CHANGED, "after": {"email": "a@example.org", "number": 1}} | values
    return aged.change(at or timezone.now(), id=pk, reason="a reason", **values)


def verified(**values) -> Verification:
    """Return a note of a verification of the whole record, just now."""
    now = timezone.now()
    values = {"started_at": now, "finished_at": now, "first_seal": 1, "last_seal": 6, "rows": 18, "faults": 0} | values
    return Verification.objects.create(**values)


def explanation_in_place() -> None:
    """Move the event of an explanation above the ids that are sealed, where it is outside of tests."""
    explained = ChangeEvent.objects.filter(action=Action.FAULTS_EXPLAINED)
    as_owner(lambda: explained.update(id=9 * FIRST))


def sealed_record() -> Sealed:
    """Return a record of which every part was sealed, requests and changes: seals 1 to 6."""
    key, _ = issue(OrganizationFactory())
    requests, changes = [], []
    for part in range(PARTS):
        first = FIRST + part * 3 * STEP
        requests += [request(key, pk) for pk in range(first, first + 3 * STEP, STEP)]
        changes += [change(pk) for pk in range(first, first + 3 * STEP, STEP)]
        sealing.seal()
    return Sealed(key, requests, changes, Checkpoint.of(Seal.objects.newest()))


def as_owner(act: Callable[[], object]) -> None:
    """Do what the triggers refuse, and leave them as if nothing had happened."""
    with transaction.atomic(), _no_triggers():
        act()


@contextmanager
def _no_triggers() -> Iterator[None]:
    if connection.vendor == "postgresql":
        run_sql("SET LOCAL session_replication_role = replica")
        yield
        run_sql("SET LOCAL session_replication_role = origin")
    else:
        installing.remove(connection, triggers.SET)
        yield
        installing.create(connection, triggers.SET)


def run_sql(statement: str, *values: object) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)


def later(**span: float) -> datetime:
    return timezone.now() + timedelta(**span)
