"""The page of results: tables of aims beside what was measured, and what it was measured on."""

import textwrap
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import median

from benchmarks.compare.aims import AIMS, CALLS, FAR_AWAY, LONGEST, MEGABYTES, SHORT
from benchmarks.compare.candidates import AS_SHIPPED, OVER_SOCKET, UNRECORDED, Server
from benchmarks.compare.rounds import CONNECTIONS, Outcome, Question
from benchmarks.compare.scale import FIRST, OFFSET, YEAR, Scale

WITH, WITHOUT = AS_SHIPPED.name, UNRECORDED.name
NOTHING = "–"


@dataclass(frozen=True, slots=True)
class Section:
    """One database: what came of the rounds, and what each candidate reached on its servers, the best first."""

    database: str
    outcome: Outcome
    servers: dict[str, dict[Server, float]]


@dataclass(frozen=True, slots=True)
class Findings:
    """Everything that the page tells."""

    machine: str
    software: str
    commit: str
    rounds: int
    seconds: int
    busy: float
    sections: Sequence[Section]
    scale: Scale | None
    peaks: Sequence[float]


def page(findings: Findings) -> str:
    """Return the page as Markdown."""
    parts = [_opening(findings)]
    parts += [_section(each) for each in findings.sections]
    if findings.scale:
        parts.append(_scale(findings.scale))
    if findings.peaks:
        parts.append(_memory(findings.peaks))
    return "\n\n".join(parts) + "\n"


def _opening(findings: Findings) -> str:
    slices = sum(each.outcome.slices for each in findings.sections)
    left_out = sum(each.outcome.left_out for each in findings.sections)
    return f"""\
# chartero beside what would be put in its place

Written by `python -m benchmarks.compare`, which makes the data, starts everything and checks that all candidates give
the same JSON, and refuse the same callers, before it measures. Commit {findings.commit or "unknown"}.

- **Candidates**, two worker processes each, over the same tables: chartero as shipped (production settings, every
  middleware, the ledger), the same without the ledger; the textbook (Django REST framework, nested ModelSerializer,
  djangorestframework-api-key); FastAPI (SQLAlchemy, asyncpg, pydantic); the limit (chartero's own SQL in a bare WSGI
  function) on chartero's server, gunicorn, and on granian. granian is faster, but drops header values that are not
  ASCII, which the contract tells apart; what chartero would reach on it stands among the rates. Each verifies key,
  scopes and route at each call, without caches. All stay up; one at a time is asked.
- **Data**: 20 organizations with 200,000 encounters. The database is durable (`fsync` on), `shared_buffers` 1 GB.
- **Load**: wrk on loopback, keep-alive, {findings.rounds} rounds in changing order, slices of {findings.seconds} s \
after 1 s of warm-up. Slices
  repeated because other processes took over {findings.busy:.0%} of the CPU: {left_out} of {slices}.
- **A ratio** is the median of the ratios within each round; requests/s are medians, with the lowest and highest round.
{wrapped(f"- **On** {findings.machine}; {findings.software}.", "  ")}"""


def wrapped(text: str, indent: str = "") -> str:
    """Return a paragraph in lines that fit."""
    return textwrap.fill(text, 120, subsequent_indent=indent, break_on_hyphens=False)


def _section(section: Section) -> str:
    heads = [f"{count} connections" for count in CONNECTIONS]
    ratios = table(
        ["requests/s, as a ratio", "with the ledger: aim", *heads, "without: aim", *heads],
        (_ratios(section.outcome, *aim) for aim in AIMS[section.database]),
    )
    names = [name for _, name in section.outcome.found]
    rates = table(
        ["requests/s", *(f"{call}, {count}" for call in SHORT for count in CONNECTIONS)],
        (
            [name, *(rate(section.outcome, Question(call, count), name) for call in CALLS for count in CONNECTIONS)]
            for name in section.servers
            if name in names
        ),
    )
    parts = [f"## {section.database}", ratios, rates, _servers(section.servers)]
    return "\n\n".join(parts + ([_over_socket(section.outcome)] if OVER_SOCKET.name in section.servers else []))


def _over_socket(outcome: Outcome) -> str:
    return table(
        ["a Unix socket to PostgreSQL : TCP, with the ledger", *(f"{count} connections" for count in CONNECTIONS)],
        ([call, *_found(outcome, call, OVER_SOCKET.name, WITH)] for call in CALLS),
    )


def _found(outcome: Outcome, call: str, name: str, other: str, aim: float | None = None) -> list[str]:
    """Return the ratios of one candidate to another, for each number of connections."""
    ratios = [outcome.ratio(Question(call, count), name, other) for count in CONNECTIONS]
    return [_judged(each, aim is not None and each is not None and each >= aim) for each in ratios]


def _ratios(outcome: Outcome, call: str, peer: str, aim: float | None, aim_without: float | None) -> list[str]:
    cells = [f"{call}, to {peer}"]
    for name, wanted in ((WITH, aim), (WITHOUT, aim_without)):
        cells.append(NOTHING if wanted is None else f"≥ {wanted:g}")
        cells.extend(_found(outcome, call, name, peer, wanted))
    return cells


def rate(outcome: Outcome, question: Question, name: str) -> str:
    """Return the requests per second of a candidate: the median, the lowest and the highest round."""
    figures = outcome.figures(question, name)
    return f"{median(figures):,.0f} ({min(figures):,.0f}–{max(figures):,.0f})" if figures else NOTHING


def _servers(servers: dict[str, dict[Server, float]]) -> str:
    tried = []
    for name, reached in servers.items():
        best, *others = (f"{server.name} {share:.2f}" for server, share in reached.items())
        reached_there = f" ({', '.join(others)})" if others else ""
        tried.append(f"{name} on {best.rpartition(' ')[0]}{reached_there}")
    return wrapped(
        f"Servers, the best of those tried (in brackets, what the others reached of it): {'; '.join(tried)}."
    )


def _scale(scale: Scale) -> str:
    rows = [
        [f"{question}, {'with' if name == WITH else 'without'} the ledger", *_times(scale, name, question)]
        for question in (FIRST, OFFSET, YEAR)
        for name in (WITH, WITHOUT)
    ]
    small, large = min(scale.sizes), max(scale.sizes)
    ratios = [
        _grown(scale, f"first page of {large:,} encounters : of {small:,}", LONGEST, (FIRST, large), (FIRST, small)),
        _grown(scale, f"offset 10,000 of {large:,} : offset 0", FAR_AWAY, (OFFSET, large), (FIRST, large)),
    ]
    told = (
        "One organization of each size, one connection, organizations in turn; medians in ms of a page of 25 with its "
        "exact total, which was compared with the truth beforehand. A year: any, with edges within a day. Other "
        f"processes took {scale.others:.0%} of the CPU."
    )
    return f"""\
## Does it grow?

{wrapped(told)}

{table(["time, as a ratio", "aim", "with the ledger", "without"], ratios)}

{table(["ms", *(f"{size:,}" for size in scale.sizes)], rows)}"""


def _grown(scale: Scale, name: str, aim: float, one: tuple[str, int], other: tuple[str, int]) -> list[str]:
    ratios = (scale.ratio(each, one, other) for each in (WITH, WITHOUT))
    return [name, f"≤ {aim:g}", *(_judged(each, each is not None and each <= aim) for each in ratios)]


def _times(scale: Scale, name: str, question: str) -> list[str]:
    found = (scale.times.get((name, question, size)) for size in scale.sizes)
    return [NOTHING if each is None else f"{each:.2f}" for each in found]


def _memory(peaks: Sequence[float]) -> str:
    each = " and ".join(f"{peak:.1f}" for peak in peaks)
    return f"""\
## Memory

Peak PSS of chartero's workers as shipped, after all rounds on PostgreSQL, under load and with all other candidates
stopped: {each} MB. Aim: ≤ {MEGABYTES} MB, {"met" if max(peaks) <= MEGABYTES else "not met"}."""


def _judged(found: float | None, met: bool) -> str:
    """Return a ratio; bold where it has an aim and meets it."""
    text = NOTHING if found is None else f"{found:.2f}"
    return f"**{text}**" if met else text


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table; all but its first column are numbers."""
    lines = [head, ["---", *["--:"] * (len(head) - 1)], *rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)
