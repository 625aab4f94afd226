"""Delete changes that are too old to be kept, and remember how far: cursors before that have expired."""

from datetime import datetime, timedelta
from itertools import takewhile

from django.db import connection
from django.utils import timezone

from encounters.changes.models import ChangeHorizon, EncounterChange
from encounters.changes.triggers import SETTLED
from partners import pacing
from partners.models import Organization

KEPT = timedelta(days=90)

_OLDEST = """
SELECT position, encounter, changed_at < %s FROM encounters_encounterchange
WHERE organization_id = %s AND {settled} ORDER BY position, encounter LIMIT %s
"""
_DELETE = """
DELETE FROM encounters_encounterchange WHERE organization_id = %s AND (position, encounter) <= (%s, %s)
"""
# Two runs at the same time may do the same work: the horizon never moves back.
_MOVE = """
INSERT INTO encounters_changehorizon AS gone (organization_id, era, position, encounter) VALUES (%s, 0, %s, %s)
ON CONFLICT (organization_id) DO UPDATE SET position = excluded.position, encounter = excluded.encounter
    WHERE (gone.position, gone.encounter) < (excluded.position, excluded.encounter)
"""


def due() -> int:
    """Return the number of changes that are too old."""
    return EncounterChange.objects.filter(changed_at__lt=_cutoff()).count()


def prune(batch: int) -> int:
    """Delete the changes that are too old, in batches, each in its own transaction. Return their number."""
    cutoff, number = _cutoff(), 0
    for organization in Organization.objects.order_by("pk").values_list("pk", flat=True):
        while some := _prune_some(organization, cutoff, batch):
            number += some
    return number


def expire(era: int) -> int:
    """Begin a new era: every cursor expires, and every change is deleted. Return the number of organizations."""
    pks = Organization.objects.values_list("pk", flat=True)
    rows = [ChangeHorizon(organization_id=pk, era=era) for pk in pks]
    fields = ["era", "position", "encounter"]
    with pacing.step():
        ChangeHorizon.objects.bulk_create(
            rows, update_conflicts=True, unique_fields=["organization"], update_fields=fields
        )
        EncounterChange.objects.all().delete()
    return len(rows)


def _cutoff() -> datetime:
    return timezone.now() - KEPT


def _prune_some(organization: int, cutoff: datetime, batch: int) -> int:
    """Delete the next batch of an organization, up to its first change that is still kept."""
    with connection.cursor() as cursor:
        before = connection.ops.adapt_datetimefield_value(cutoff)
        cursor.execute(_OLDEST.format(settled=SETTLED[connection.vendor]), [before, organization, batch])
        old = [row[:2] for row in takewhile(lambda row: row[2], cursor.fetchall())]
    if not old:
        return 0
    with pacing.step(), connection.cursor() as cursor:
        cursor.execute(_MOVE, [organization, *old[-1]])
        cursor.execute(_DELETE, [organization, *old[-1]])
        return int(cursor.rowcount)
