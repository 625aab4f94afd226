"""Single answers that are in no key's record. They are kept for some days, so that their request ids can be looked up.

Each process keeps the newest few per minute and source, of a limited number of sources; `unkeyed` counts them all.
Only words and ids of our own are kept of the path, because anything else could be a secret or a name.
"""

from collections import deque
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import NamedTuple

from django.db.models import Max, Q, QuerySet
from django.utils import timezone

from partners import pacing
from partners.decision.address import network
from partners.models import UnkeyedAnswer
from partners.models.record import KEPT, NOT_KEPT
from partners.record.kept_paths import is_harmless

MOST = 200_000  # rows in all: during a flood from everywhere, they are kept for fewer days
PER_SOURCE, SOURCES, MINUTES = 5, 20, 60
LONGEST_PATH, SEGMENTS = 200, 8
BATCH = 1_000  # rows that are deleted in one transaction


class Answer(NamedTuple):
    """One answer before it is stored. `path` is raw, and `public_part` may be a piece of a secret unless `vouched`."""

    minute: datetime
    source: str
    occurred_at: datetime
    request_id: str
    method: str
    path: str
    reason_code: str
    public_part: str
    vouched: bool


class Newest:
    """The newest answers of one process that are not written yet. Its memory is bounded, whatever calls arrive."""

    def __init__(self) -> None:
        self._held: dict[datetime, dict[str, deque[Answer]]] = {}

    def add(self, answer: Answer) -> None:
        """Hold an answer. It replaces an older one if there are enough of its source."""
        of_minute = self._held.setdefault(answer.minute, {})
        while len(self._held) > MINUTES:
            del self._held[min(self._held)]
        source = network(answer.source)
        if source in of_minute or len(of_minute) < SOURCES:
            of_minute.setdefault(source, deque(maxlen=PER_SOURCE)).append(answer)

    def take(self) -> list[Answer]:
        """Return the answers that are held, and hold none."""
        held, self._held = self._held, {}
        return [answer for of_minute in held.values() for answers in of_minute.values() for answer in answers]


def store(answers: Iterable[Answer], public_part: Callable[[Answer], str]) -> None:
    """Store answers. `public_part` returns what may be kept of the public part that was presented."""
    UnkeyedAnswer.objects.bulk_create(
        [
            UnkeyedAnswer(
                request_id=answer.request_id,
                occurred_at=answer.occurred_at,
                source=answer.source,
                method=answer.method,
                path=told_path(answer.path),
                reason_code=answer.reason_code,
                public_part=public_part(answer),
            )
            for answer in answers
        ],
        ignore_conflicts=True,
    )


def due() -> QuerySet[UnkeyedAnswer]:
    """Return the answers that are too old, or too many."""
    newest = UnkeyedAnswer.objects.aggregate(pk=Max("pk"))["pk"] or 0
    return UnkeyedAnswer.objects.filter(Q(occurred_at__lt=timezone.now() - KEPT) | Q(pk__lte=newest - MOST))


def prune() -> int:
    """Delete the answers that are due, in batches, and return their number."""
    number = 0
    while some := prune_some():
        number += some
    return number


def prune_some() -> int:
    """Delete one batch of the answers that are due, the oldest, and return their number."""
    oldest = list(due().order_by("pk").values_list("pk", flat=True)[:BATCH])
    if oldest:
        with pacing.step():
            UnkeyedAnswer.objects.filter(pk__in=oldest).delete()
    return len(oldest)


def told_path(path: str) -> str:
    """Return a path to store: our own words, or nearly so, versions and ids, with `{not-kept}` for the rest."""
    segments = path[:LONGEST_PATH].split("/")
    told = [segment if is_harmless(segment) else NOT_KEPT for segment in segments[:SEGMENTS]]
    return "/".join(told) + ("/…" if len(segments) > SEGMENTS or len(path) > LONGEST_PATH else "")
