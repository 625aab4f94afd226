"""Repeated identical refusals, which pages show as one line with their number."""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from partners.models import RequestRecord


@dataclass(frozen=True, slots=True)
class CallGroup:
    """One call, or several in a row with one key that got the same refusal on one route, the newest first.

    `cut`: the rows that were read end within this group, so there may be more.
    """

    calls: list[RequestRecord]
    cut: bool = False

    @property
    def newest(self) -> RequestRecord:
        return self.calls[0]

    @property
    def oldest(self) -> RequestRecord:
        return self.calls[-1]

    @property
    def number(self) -> str:
        """Return the number of calls to show, `200+` if there may be more."""
        return f"{len(self.calls):,}{'+' if self.cut else ''}"


def grouped(records: Iterable[RequestRecord], *, more: bool = False) -> list[CallGroup]:
    """Group identical refusals in a row. `more`: there are records after the last one."""
    groups = [list(calls) for _, calls in groupby(records, key=_alike)]
    return [CallGroup(calls, cut=more and calls is groups[-1] and calls[0].reason_code != "") for calls in groups]


def _alike(record: RequestRecord) -> Any:
    if not record.reason_code:
        return record.pk
    return (record.api_key_id, record.method, record.route or record.resource, record.reason_code)
