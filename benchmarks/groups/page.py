"""The page of what came of the deployments: CPU time a call of each kind of processes, rates and slow calls."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import product
from operator import attrgetter
from statistics import median

from benchmarks.compare.aims import DETAIL, LARGE
from benchmarks.compare.load import Slice
from benchmarks.compare.report import NOTHING, rate, table, wrapped
from benchmarks.compare.rounds import CONNECTIONS, Figure, Outcome, Question
from benchmarks.groups.deployments import KINDS, PLAIN, POSTGRESQL, Counted

CALLS = (DETAIL, LARGE)
LATE, SLOW = attrgetter("late_ms"), attrgetter("slow_ms")


@dataclass(frozen=True, slots=True)
class Findings:
    """Everything that the page tells."""

    machine: str
    software: str
    commit: str
    rounds: int
    seconds: int
    pause: int  # milliseconds
    outcome: Outcome
    loads: Sequence[float]
    repeated: int
    followed: Counted


def cpu_of(kind: str) -> Figure:
    """Return what tells the CPU time a call of a kind of processes."""
    return lambda found: found.cpu.get(kind, 0.0)


def all_cpu(found: Slice) -> float:
    """Return the CPU time a call of all kinds, without that of wrk."""
    return sum(took for kind, took in found.cpu.items() if kind in KINDS)


def page(findings: Findings) -> str:
    """Return the page as Markdown."""
    parts = [_opening(findings)]
    for call, connections in product(CALLS, CONNECTIONS):
        question = Question(call, connections)
        parts += [f"## {call[0].upper()}{call[1:]}, {connections} connections", _cpu(findings.outcome, question)]
        parts += [_rates(findings.outcome, question)]
    return "\n\n".join(parts) + "\n"


def _opening(findings: Findings) -> str:
    slices = [each for found in findings.outcome.found.values() for each in found if each is not None]
    others, wrk = (median(map(of, slices)) for of in (attrgetter("others"), cpu_of("wrk")))
    counted = findings.followed
    paused = f"Each connection waited for {findings.pause} ms on average before each call. " if findings.pause else ""
    written = (
        f"Written by `python -m benchmarks.groups`, which makes the data and starts everything. "
        f"Commit {findings.commit or 'unknown'}."
    )
    told = (
        "**Deployments**: nginx with the files of `deploy/nginx`, over TLS, in front of one or two groups, each "
        "chartero as shipped with two worker processes; over a durable PostgreSQL with `deploy/postgresql`, "
        "alone or with a streaming replica; directly or "
        "through PgBouncer with `deploy/pgbouncer.ini` (`CHARTERO_POOLER=transaction`), "
        "which two groups share. All are up on one machine, and one at a time is asked. *Without nginx*, the group "
        "itself is asked over plain http.",
        "**CPU time is the main figure**: µs a call of all processes of a kind, those included that PostgreSQL has in "
        "the background. All share two cores, and the CPU is the limit, so **a second group can't bring twice the "
        "calls here**. The figures show what each step costs, and what a call takes of the primary, the one part "
        "that can't be multiplied.",
        "**Data**: 20 organizations with 200,000 encounters; the list is of the organization that has 100,000.",
        f"**Load**: wrk on loopback, keep-alive, {findings.rounds} rounds in changing order, slices of "
        f"{findings.seconds} s after 1 s of warm-up. {paused}wrk itself took {wrk:.0f} µs a call. Other work on the "
        f"machine took {others:.0%} of the CPU, and the load average was {min(findings.loads):.1f} to "
        f"{max(findings.loads):.1f}. "
        f"So compare ratios, and no rate with that of another page. Slices repeated because a call was "
        f"refused in them: {findings.repeated}.",
        f"**A ratio** is the median of the ratios to *{PLAIN}* within each round; the other figures are medians, rates "
        "with the lowest and highest round.",
        f"**With a replica** {counted.read_there:.1%} of {counted.calls:,} calls were read from it. A call took "
        f"{counted.logged / counted.calls:,.0f} bytes of PostgreSQL's log and {counted.stored / counted.calls:,.0f} "
        "bytes of the ledger with its indexes.",
        f"**On** {findings.machine}; {findings.software}.",
    )
    lines = [wrapped(f"- {each}", "  ") for each in told]
    return "\n".join(["# A second group, a replica, a pooler\n", wrapped(written), "", *lines])


def _cpu(outcome: Outcome, question: Question) -> str:
    def row(name: str) -> list[str]:
        kinds = [_number(outcome.figures(question, name, cpu_of(kind)), _whole) for kind in KINDS]
        ratios = [outcome.ratio(question, name, PLAIN, of) for of in (all_cpu, cpu_of(POSTGRESQL))]
        return [name, *kinds, _number(outcome.figures(question, name, all_cpu), _whole), *map(_ratio, ratios)]

    head = ["CPU, µs a call", *KINDS, "all", "all, ratio", f"{POSTGRESQL}, ratio"]
    return table(head, map(row, _names(outcome, question)))


def _rates(outcome: Outcome, question: Question) -> str:
    def row(name: str) -> list[str]:
        times = [
            cell
            for of in (LATE, SLOW)
            for cell in (
                _number(outcome.figures(question, name, of), _one),
                _ratio(outcome.ratio(question, name, PLAIN, of)),
            )
        ]
        return [name, rate(outcome, question, name), _ratio(outcome.ratio(question, name, PLAIN)), *times]

    head = ["", "calls a second", "ratio", "95 % within, ms", "ratio", "99 % within, ms", "ratio"]
    return table(head, map(row, _names(outcome, question)))


def _names(outcome: Outcome, question: Question) -> list[str]:
    """Return the deployments, one group before two, the simple ones first."""
    names = [name for asked, name in outcome.found if asked == question]
    return sorted(names, key=lambda name: (name != PLAIN, not name.endswith("nginx"), "two" in name, len(name)))


def _number(figures: Sequence[float], form: Callable[[float], str]) -> str:
    return form(median(figures)) if any(figures) else NOTHING


def _whole(figure: float) -> str:
    return f"{figure:,.0f}"


def _one(figure: float) -> str:
    return f"{figure:.1f}"


def _ratio(found: float | None) -> str:
    return NOTHING if found is None else f"{found:.2f}"
