"""Answers that belong to no key, counted per minute. Only the newest get rows, so that a flood stays small.

Each process counts in memory and adds rows that nobody alters at the end of the minute: the most common few by
source, reason code and public part as presented, the next few without the public part, the rest by code alone.
"""

import atexit
import logging
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from datetime import datetime
from typing import NamedTuple

from django import db
from django.conf import settings
from django.db import connection, transaction
from django.http import HttpRequest
from django.utils import timezone

from partners.api.exchange import Exchange
from partners.api.responses import Refusal
from partners.decision import guessing
from partners.decision.address import client_address
from partners.decision.facts import bearer_token
from partners.keys import in_text, tokens
from partners.models import ApiKey
from partners.record.unknown_callers import unkeyed_answers
from partners.record.unknown_callers.unkeyed_answers import Answer, Newest

logger = logging.getLogger(__name__)

COMMONEST, HELD = 5, 10_000  # kinds stored exactly per minute, and kinds held in memory
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_INSERT = """
INSERT INTO partners_unkeyedcount (minute, source, reason_code, public_part, count) VALUES (%s, %s, %s, %s, %s)
"""


class CountedKind(NamedTuple):
    """The answers that are counted together. `vouched`: the token's checksum proves that its public part is one."""

    minute: datetime
    reason_code: str
    source: str = ""
    public_part: str = ""
    vouched: bool = True


class Tally:
    """The counts of one process that are not written yet. Its memory is bounded, whatever calls arrive."""

    def __init__(self) -> None:
        self._counts: Counter[CountedKind] = Counter()
        self._newest = Newest()
        self._lock = threading.Lock()
        self._writer: threading.Thread | None = None

    def add(self, request: HttpRequest, answer: Refusal) -> None:
        """Count one answer and hold it among the newest."""
        kind = _kind(request, answer)
        with self._lock:
            self._hold(kind, 1)
            self._newest.add(_single(request, kind))
            self._have_writer()

    def keep(self, request: HttpRequest, answer: Refusal) -> None:
        """Hold one answer among the newest without counting it: its key is known, but it couldn't be recorded."""
        kind = _kind(request, answer)
        with self._lock:
            self._newest.add(_single(request, kind))
            self._have_writer()

    def write(self) -> None:
        """Write what was counted and held, or keep it for the next time if the database is unreachable."""
        with self._lock:
            counts, self._counts = self._counts, Counter()
            answers = self._newest.take()
        if not counts and not answers:
            return
        try:
            commonest, public_part = _commonest(counts), _public_parts(answers)
            with transaction.atomic():
                _store(commonest)
                unkeyed_answers.store(answers, public_part)
        except db.Error as fault:
            logger.warning("counts of answers without a key wait for the database: %s", type(fault).__qualname__)
            with self._lock:
                self._hold_again(counts, answers)
        else:
            with suppress(db.Error):  # the next minute's run deletes more
                unkeyed_answers.prune_some()
                guessing.prune()

    def _hold_again(self, counts: Counter[CountedKind], answers: list[Answer]) -> None:
        for kind, count in counts.most_common():
            self._hold(kind, count)
        for answer in answers:
            self._newest.add(answer)

    def _hold(self, kind: CountedKind, count: int) -> None:
        """Count under the kind itself while there is room, then under its code alone."""
        if kind not in self._counts and len(self._counts) >= HELD:
            kind = CountedKind(kind.minute, kind.reason_code)
        self._counts[kind] += count

    def _have_writer(self) -> None:
        """Start the thread that writes. If it can't start, raise RuntimeError; the next answer tries again."""
        if not settings.WEB_PROCESS or self._writer is not None:
            return
        writer = threading.Thread(target=self._write_each_minute, name="unkeyed", daemon=True)
        writer.start()
        self._writer = writer
        atexit.register(self.write)

    def _write_each_minute(self) -> None:
        while True:
            time.sleep(60 - time.time() % 60)
            self.write()
            connection.close()


TALLY = Tally()


def _kind(request: HttpRequest, answer: Refusal) -> CountedKind:
    minute = timezone.now().replace(second=0, microsecond=0)
    token = bearer_token(request.META.get("HTTP_AUTHORIZATION", "")) or ""
    presented = in_text.presented(token)
    vouched = presented is None or tokens.parse(token) is not None
    source = client_address(request)
    return CountedKind(minute, answer.reason.code, source, presented or "", vouched)


def _single(request: HttpRequest, kind: CountedKind) -> Answer:
    method = request.method if request.method in METHODS else "other"
    return Answer(
        kind.minute,
        kind.source,
        timezone.now(),
        Exchange.of(request).request_id,
        method or "",
        request.path_info[: unkeyed_answers.LONGEST_PATH + 1],
        kind.reason_code,
        kind.public_part,
        kind.vouched,
    )


def _commonest(counts: Counter[CountedKind]) -> Counter[CountedKind]:
    """Return the counts to store: at most ten rows per minute, and one more for each code."""
    kept: Counter[CountedKind] = Counter()
    for minute in {kind.minute for kind in counts}:
        of_minute = Counter({kind: count for kind, count in counts.items() if kind.minute == minute})
        exact, rest = _split(of_minute)
        sources, rest = _split(_merged((kind._replace(public_part="", vouched=True), count) for kind, count in rest))
        codes = _merged((kind._replace(source=""), count) for kind, count in rest)
        kept.update(_merged([*_with_known_public_parts(exact), *sources, *codes.items()]))
    return kept


def _split(counts: Counter[CountedKind]) -> tuple[list[tuple[CountedKind, int]], list[tuple[CountedKind, int]]]:
    ordered = counts.most_common()
    return ordered[:COMMONEST], ordered[COMMONEST:]


def _merged(counted: Iterable[tuple[CountedKind, int]]) -> Counter[CountedKind]:
    total: Counter[CountedKind] = Counter()
    for kind, count in counted:
        total[kind] += count
    return total


def _with_known_public_parts(counted: list[tuple[CountedKind, int]]) -> list[tuple[CountedKind, int]]:
    public_part = _public_parts([kind for kind, _ in counted])
    return [(kind._replace(public_part=public_part(kind), vouched=True), count) for kind, count in counted]


def _public_parts(presented: Sequence[CountedKind | Answer]) -> Callable[[CountedKind | Answer], str]:
    """Return a function that returns the public part if it is one, or "": anything else may be a piece of a secret."""
    doubtful = {each.public_part for each in presented if not each.vouched}
    known = set(ApiKey.objects.filter(public_part__in=doubtful).values_list("public_part", flat=True))
    return lambda each: each.public_part if each.vouched or each.public_part in known else ""


def _store(counts: Counter[CountedKind]) -> None:
    """Add a row for each count: those of other processes and of earlier runs stay as they are."""
    rows = [
        [connection.ops.adapt_datetimefield_value(kind.minute), kind.source, kind.reason_code, kind.public_part, count]
        for kind, count in counts.items()
    ]
    if rows:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.executemany(_INSERT, rows)
