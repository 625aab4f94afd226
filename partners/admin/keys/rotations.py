"""Has the partner moved to the new key? The recorded calls of both keys of a rotation answer it.

A call that only looks at the key itself is no evidence: monitors and tests make such calls with keys that no system
uses. For each key, an index finds the newest calls and those of the last hour, up to a limit.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from django.db.models import DateTimeField, IntegerField, OuterRef, Subquery
from django.http import HttpRequest
from django.utils import timezone

from partners.finding.found import Found
from partners.models import ApiKey, RequestRecord
from partners.review import attention
from partners.templatetags.staff import distance

HOUR = timedelta(hours=1)
COUNTED = 1_000


class Moved(StrEnum):
    """How far the partner has moved, and the colour for it."""

    NOT = "Not moved", "failed"
    PARTLY = "Moving", "expiring"
    WHOLLY = "Moved", "passed"

    colour: str

    def __new__(cls, value: str, colour: str) -> "Moved":
        member = str.__new__(cls, value)
        member._value_ = value
        member.colour = colour
        return member


@dataclass(frozen=True, slots=True)
class Calls:
    """The calls with one key: the last one, how many in the last hour, and if any was ever served."""

    last: datetime | None
    lately: int
    served: bool

    @property
    def number(self) -> str:
        """Return the number of calls in the last hour, as text."""
        return f"{COUNTED:,}+" if self.lately > COUNTED else f"{self.lately:,}"


@dataclass(frozen=True, slots=True)
class RotationProgress:
    """A rotation: the key that was replaced, its successor, and the calls with each."""

    old: ApiKey
    new: ApiKey
    with_old: Calls
    with_new: Calls

    @property
    def moved(self) -> Moved:
        """Return how far the partner has moved. Only served calls show that the new key works."""
        if self.with_new.last is None or not self.with_new.served:
            return Moved.NOT
        if self.with_old.lately and self.with_new.lately:
            return Moved.PARTLY
        old_is_later = self.with_old.last is not None and self.with_old.last > self.with_new.last
        return Moved.NOT if old_is_later else Moved.WHOLLY

    @property
    def has_moved(self) -> bool:
        return self.moved is Moved.WHOLLY

    @property
    def sentence(self) -> str:
        """Return how far the partner has moved, with the evidence."""
        return f"{self.moved}: {self._evidence}."

    @property
    def evidence(self) -> str:
        """Return the evidence alone, for a place that already shows how far the partner has moved."""
        return f"{self._evidence}.".capitalize()

    @property
    def _evidence(self) -> str:
        if self.with_old.last is None and self.with_new.last is None:
            return "no call with either key yet"
        return f"{self._with_old}, {self._with_new}"

    @property
    def _with_old(self) -> str:
        if self.with_old.lately:
            calls = "call" if self.with_old.lately == 1 else "calls"
            return f"{self.with_old.number} {calls} with the old key in the last hour"
        if self.with_old.last:
            return f"last call with the old key {distance(self.with_old.last)}"
        return "no call with the old key"

    @property
    def _with_new(self) -> str:
        if self.with_new.last is None:
            return "none with the new one"
        if not self.with_new.served:
            return "every call with the new one was refused"
        if self.with_new.lately:
            return f"{self.with_new.number} with the new one in the last hour"
        return f"last call with the new one {distance(self.with_new.last)}"


class _Counted(Subquery):
    """The number of calls among the rows of a subquery, whose own limit ends the search."""

    template = "(SELECT COUNT(*) FROM (%(subquery)s) AS counted WHERE route <> 'key.read')"
    output_field = IntegerField()


class _Newest(Subquery):
    """The time of the newest call among the rows of a subquery, whose own limit ends the search."""

    template = (
        "(SELECT occurred_at FROM (%(subquery)s) AS read WHERE route <> 'key.read' ORDER BY occurred_at DESC LIMIT 1)"
    )
    output_field = DateTimeField()


def under_way(span: timedelta) -> Found[RotationProgress]:
    """Return the rotations whose old key expires within `span`, soonest first."""
    keys = attention.rotated(span)
    return Found(progress_of([(key, key.replaced_by) for key in keys.rows]), keys.total)


def progress_of(pairs: Iterable[tuple[ApiKey, ApiKey]]) -> list[RotationProgress]:
    """Return the progress of rotations, given as pairs of old and new key, with one statement for all."""
    rotations = list(pairs)
    calls = _calls({key.pk for pair in rotations for key in pair})
    return [RotationProgress(old, new, calls[old.pk], calls[new.pk]) for old, new in rotations]


def progress(request: HttpRequest, old: ApiKey | None, new: ApiKey | None) -> RotationProgress | None:
    """Return the progress of one rotation; None if there is none, or if the person may not view requests."""
    if old is None or new is None or not request.user.has_perm("partners.view_requestrecord"):
        return None
    return progress_of([(old, new)])[0]


def _calls(pks: set[int]) -> dict[int, Calls]:
    if not pks:
        return {}
    records = RequestRecord.objects.filter(api_key=OuterRef("pk")).order_by("-occurred_at")
    newest = records.values("occurred_at", "route")[: COUNTED + 1]
    lately = records.values("occurred_at", "route").filter(occurred_at__gt=timezone.now() - HOUR)[: COUNTED + 1]
    rows = ApiKey.objects.filter(pk__in=pks).order_by().annotate(last=_Newest(newest), lately=_Counted(lately))
    return {
        pk: Calls(last or used, number, used is not None)
        for pk, last, number, used in rows.values_list("pk", "last", "lately", "last_used_at")
    }
