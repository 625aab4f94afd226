"""The bars of a chart: how many calls were served and refused in each part of its period, and where a bar is drawn."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil, floor, log10
from urllib.parse import urlencode

from partners.usage.marks import Mark
from partners.usage.reading import Count

SERVED = ""
LEAST = 1.5  # percent of the height, so that even a single call can be seen
FILLED = 0.8  # the share of a bar's place that it fills


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar. `left` and `width` are in percent of the chart's width, and heights in percent of its height."""

    start: datetime
    end: datetime
    served: int
    refused: int
    largest: int
    left: float
    width: float
    label: str
    marks: list[Mark]

    @property
    def x(self) -> str:
        return _percent(self.left)

    @property
    def middle(self) -> str:
        return _percent(self.left + self.width / 2)

    @property
    def across(self) -> str:
        return _percent(self.width)

    @property
    def served_height(self) -> str:
        return _percent(self._height(self.served))

    @property
    def served_y(self) -> str:
        return _percent(100 - self._height(self.served))

    @property
    def refused_height(self) -> str:
        return _percent(self._height(self.refused))

    @property
    def refused_y(self) -> str:
        """Return where the refused calls begin: they are drawn on top of the served ones."""
        return _percent(100 - self._height(self.served) - self._height(self.refused))

    @property
    def letter(self) -> str:
        """Return the letter of the changes, or their number if they are of several kinds."""
        letters = {mark.letter for mark in self.marks}
        return letters.pop() if len(letters) == 1 else str(len(self.marks))

    @property
    def query(self) -> str:
        return calls_between(self.start, self.end)

    def _height(self, calls: int) -> float:
        return max(LEAST, 100 * calls / self.largest) if calls else 0


def calls_between(start: datetime, end: datetime) -> str:
    """Return the filter of the list of requests that finds the calls from one time, in UTC, until before another."""
    moments = {"start": start, "end": end}
    return urlencode({"time": "own"} | {name: f"{at:%Y-%m-%dT%H:%M:%S}" for name, at in moments.items()}, safe=":")


def sums(counts: Iterable[Count], start: datetime, length: timedelta, number: int) -> list[tuple[int, int]]:
    """Return the served and the refused calls of each of `number` parts of this length."""
    found = [[0, 0] for _ in range(number)]
    for count in counts:
        place = (count.start - start) // length
        if 0 <= place < number:
            found[place][count.reason_code != SERVED] += count.calls
    return [(served, refused) for served, refused in found]


def drawn(
    found: Sequence[tuple[int, int]],
    start: datetime,
    length: timedelta,
    largest: int,
    *,
    marks: Sequence[Mark] = (),
    labelled: Sequence[int] = (),
) -> list[Bar]:
    """Return the bars of these sums, with labels at the places in `labelled`."""
    place = 100 / len(found)
    return [
        Bar(
            begins := start + at * length,
            begins + length,
            served,
            refused,
            largest,
            at * place + place * (1 - FILLED) / 2,
            place * FILLED,
            begins.strftime("%H:%M" if length < timedelta(hours=6) else "%m-%d") if at in labelled else "",
            [mark for mark in marks if begins <= mark.at < begins + length],
        )
        for at, (served, refused) in enumerate(found)
    ]


def top(found: Iterable[tuple[int, int]]) -> int:
    """Return the end of the scale: the next round number from the highest bar on."""
    highest = max(1, *map(sum, found))
    power: int = 10 ** floor(log10(highest))
    return next(step for step in (each * power for each in (1, 2, 4, 6, 8, 10)) if step >= highest)


def share(calls: int, largest: int) -> int:
    """Return the share in percent, rounded up, so that even the smallest number has a bar."""
    return ceil(100 * calls / max(1, largest))


def _percent(number: float) -> str:
    return f"{number:.4g}%"
