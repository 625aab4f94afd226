"""Calls on end that were refused alike, which pages show as one line with their number."""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from partners.models import RequestRecord


@dataclass(frozen=True, slots=True)
class Run:
    """One call, or calls on end with one key that got the same refusal on one route, the newest first.

    `cut`: reading ended within it, so that there may be more.
    """

    calls: list[RequestRecord]
    cut: bool = False

    @property
    def newest(self) -> RequestRecord:
        """Return the call that stands for all."""
        return self.calls[0]

    @property
    def oldest(self) -> RequestRecord:
        """Return the call that began it."""
        return self.calls[-1]

    @property
    def number(self) -> str:
        """Return how many calls they are, as it is shown."""
        return f"{len(self.calls):,}{'+' if self.cut else ''}"


def runs(records: Iterable[RequestRecord], *, more: bool = False) -> list[Run]:
    """Group records that follow each other. `more`: others follow the last of them."""
    groups = [list(calls) for _, calls in groupby(records, key=_alike)]
    return [Run(calls, cut=more and calls is groups[-1] and calls[0].reason_code != "") for calls in groups]


def _alike(record: RequestRecord) -> Any:
    if not record.reason_code:
        return record.pk
    return (record.api_key_id, record.method, record.route or record.resource, record.reason_code)
