"""What is noted of a call while it is answered, for its spans. It says nothing about who called, or about whom."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from functools import cache, wraps
from time import perf_counter_ns, time_ns
from typing import Any, NamedTuple

from django.http import HttpRequest, HttpResponse

from partners.api.authentication import ApiKeyAuthentication
from partners.api.exchange import Exchange
from partners.api.responses import Refusal
from partners.api.views import route_of
from partners.formats import traces
from partners.record import ledger
from partners.statements import Statement
from partners.templatetags.access import address

SERVED, OTHER = "served", "_OTHER"
METHODS = frozenset({"CONNECT", "DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT", "QUERY", "TRACE"})
# The parts of a call that have a span of their own, and the functions that are these parts.
PARTS: dict[str, tuple[Any, str]] = {
    "credentials": (ApiKeyAuthentication, "authenticate"),
    "ledger": (ledger, "kept"),
}


class Part(NamedTuple):
    """A part of a call, with its times as those of the call."""

    name: str
    begun: int
    ended: int


class Outcome(NamedTuple):
    """What became of a call. `route` is the path of its route, `error` the kind of a fault of ours; each may be ""."""

    method: str
    scheme: str
    route: str
    status: int
    reason: str
    error: str


@dataclass(slots=True)
class Call:
    """A call that is traced. Times are nanoseconds of `time.perf_counter_ns`, which are `since` after 1970.

    `parent_id`: the span of the proxy; empty if the trace begins here. `statements`, `waited`: the number of SQL
    statements, and the nanoseconds that they took.
    """

    trace_id: bytes
    parent_id: bytes = b""
    begun: int = field(default_factory=perf_counter_ns)
    since: int = field(default_factory=lambda: time_ns() - perf_counter_ns())
    ended: int = 0
    parts: list[Part] = field(default_factory=list)
    statements: int = 0
    waited: int = 0
    request_id: str = ""
    outcome: Outcome | None = None


Note = Callable[[Call, int, int], None]  # gets when the function began and ended
# The traced call that this thread answers.
CALL: ContextVar[Call | None] = ContextVar("traced_call", default=None)


@contextmanager
def noting(call: Call) -> Iterator[None]:
    """Note the parts and the statements of a call inside."""
    outside = CALL.set(call)
    try:
        yield
    finally:
        CALL.reset(outside)


def answered(call: Call, request: HttpRequest, answer: HttpResponse) -> Call:
    """Return the call with what became of it."""
    call.ended = perf_counter_ns()
    call.request_id = Exchange.of(request).request_id
    route = route_of(request)
    call.outcome = Outcome(
        request.method if request.method in METHODS else OTHER,
        request.scheme or "",
        "" if route is None else address(route),
        answer.status_code,
        answer.reason.code if isinstance(answer, Refusal) else SERVED,
        _error(answer),
    )
    return call


def _error(answer: HttpResponse) -> str:
    if answer.status_code < 500:
        return ""
    fault = getattr(answer, "fault", None)
    return str(answer.status_code) if fault is None else traces.kind(fault)


@cache
def install() -> None:
    """Have the parts of a call and its statements noted, from now on in this process and those that it starts.

    They are not asked for it: without a collector, they are as they were written.
    """
    for name, (owner, function) in PARTS.items():
        setattr(owner, function, noted(getattr(owner, function), as_part(name)))
    Statement._run = noted(Statement._run, as_statement)  # type: ignore[method-assign]


def as_part(name: str) -> Note:
    """Return what notes a part of this name."""
    return lambda call, begun, ended: call.parts.append(Part(name, begun, ended))


def as_statement(call: Call, begun: int, ended: int) -> None:
    """Note a statement."""
    call.statements += 1
    call.waited += ended - begun


def noted(function: Callable[..., Any], note: Note) -> Callable[..., Any]:
    """Return the function, whose times are noted if a call is traced."""

    @wraps(function)
    def run(*arguments: Any, **options: Any) -> Any:
        call = CALL.get()
        if call is None:
            return function(*arguments, **options)
        begun = perf_counter_ns()
        try:
            return function(*arguments, **options)
        finally:
            note(call, begun, perf_counter_ns())

    return run
