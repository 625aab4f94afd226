"""What a fault did to the calls, and whether it is what is promised."""

from collections import Counter
from dataclasses import dataclass

from tests.faults.calls import BROKEN, PARTNERS, UNAVAILABLE, Call
from tests.faults.scenario import Ledger, Scenario

SLOWEST, SLOWEST_PROBE, RECOVERY = 2.5, 0.5, 1.0  # seconds that are promised
GROWTH = 0.05  # of the memory, as a share: promised too
COLUMNS = ("fault", "wrong", "broken off", "without row", "slowest", "probe", "back", "memory", "/readyz", "answers")

Span = tuple[float, float]  # when a fault began and when it was over


@dataclass(frozen=True)
class Row:
    """What a fault did to the calls. Times in seconds.

    `without_row`: answers that need a row in the ledger and have none, on no server. `lost`: their rows are only on a
    server that is no longer in service. `growth`: of the memory, as a share; None if the processes are new.
    """

    name: str
    answers: Counter[str]
    wrong: int
    broken_off: int
    without_row: int
    lost: int
    slowest: float
    slowest_probe: float
    recovery: float
    growth: float | None
    readyz: str

    @property
    def is_kept(self) -> bool:
        """Return True if no answer was wrong and none came later than twice what is promised: machines are shared."""
        amounts = (
            (self.slowest, SLOWEST),
            (self.slowest_probe, SLOWEST_PROBE),
            (self.recovery, RECOVERY),
            (self.growth or 0.0, GROWTH),
        )
        right = not self.wrong and not self.without_row and self.readyz != "wrong"
        return right and all(met <= 2 * promised for met, promised in amounts)

    @property
    def cells(self) -> list[str]:
        """Return the row as text, in the order of `COLUMNS`."""
        return [
            self.name,
            str(self.wrong),
            str(self.broken_off),
            str(self.without_row) + (f" ({self.lost} lost)" if self.lost else ""),
            *(f"{seconds:.2f} s" for seconds in (self.slowest, self.slowest_probe, self.recovery)),
            "–" if self.growth is None else f"{self.growth:+.1%}",
            self.readyz,
            ", ".join(f"{count} × {got}" for got, count in self.answers.most_common()),
        ]


def row(scenario: Scenario, calls: list[Call], span: Span, growth: float | None, ledgers: tuple[Ledger, ...]) -> Row:
    """Sum up the calls that met a fault between two moments, or the time after it."""
    began, ended = span
    met = [call for call in calls if call.ended >= began]
    partners = [call for call in met if call.kind in PARTNERS]
    recorded = {call.request_id for call in calls if call.is_recorded}
    in_service = ledgers[-1].recorded(recorded)
    anywhere = in_service.union(*(each.recorded(recorded) for each in ledgers[:-1]))
    broken = [call for call in met if call.got == BROKEN and scenario.breaks_off and call.began <= ended]
    return Row(
        scenario.name,
        Counter(call.got for call in partners),
        sum(not _is_right(call, scenario, ended) for call in met) - len(broken),
        len(broken),
        len(recorded - anywhere),
        len(anywhere - in_service),
        max((call.seconds for call in partners), default=0.0),
        max((call.seconds for call in met if call.kind == "probe"), default=0.0),
        max((call.began for call in partners if not call.served and call.began > ended), default=ended) - ended,
        growth,
        _readyz([call for call in met if call.kind == "ready"], scenario, ended),
    )


def _is_right(call: Call, scenario: Scenario, ended: float) -> bool:
    """Return True for what is expected, for a 503, which is never a wrong verdict, and for what the fault decides."""
    decided = call.began <= ended and call.got in scenario.verdicts
    if call.kind == "ready":
        return call.got in (call.expected, *UNAVAILABLE)
    return call.contract and (call.got in (call.expected, *UNAVAILABLE) or decided)


def _readyz(calls: list[Call], scenario: Scenario, ended: float) -> str:
    """Return what `/readyz` said during the fault, or `wrong` if it didn't say no where it must, or not yes later."""
    said_no = any(call.got in UNAVAILABLE for call in calls if call.began <= ended)
    if (scenario.unready and not said_no) or not calls[-1].served:
        return "wrong"
    return "no" if said_no else "yes"
