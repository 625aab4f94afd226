"""The log: one JSON line on stderr for each event, without secrets or callers' data.

For a call, it has the id and the place of a fault. It never has a path, a query, a header or the text of an exception.
Faults that repeat are counted (`repeats`).
"""

import json
import logging
import sys
import threading
from collections.abc import Hashable, Iterator
from contextlib import contextmanager, nullcontext
from contextvars import ContextVar
from datetime import UTC, datetime
from http.client import responses
from typing import Any

from chartero.paths import is_external
from chartero.repeats import Facts, Repeats
from partners.formats import traces
from partners.keys import in_text

# The id of the call that this thread is answering.
REQUEST_ID: ContextVar[str | None] = ContextVar("request_id", default=None)
# The trace of that call, if it is traced.
TRACE_ID: ContextVar[str | None] = ContextVar("trace_id", default=None)
# The fields of `extra=` that are logged. All others are left out.
FIELDS = ("reason_code", "status", "view", "check", "what", "exception", "where", "seal", "digest")
LONGEST = 2000
REDACTED = "[redacted]"
# Messages of gunicorn that quote the request.
_QUOTING = ("Invalid request", "Error handling request", "Exception during worker exit")

logger = logging.getLogger(__name__)


class PagesOnly(logging.Filter):
    """Stop Django from logging a partner's call. `partners.api.responses` logs it, with its id."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Return True if the record may be logged."""
        request = getattr(record, "request", None)
        return request is None or not is_external(request)


class CallersFaults(logging.Filter):
    """Turn errors that any caller can cause into one-line warnings. Django logs them with a traceback."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Return True: every record may be logged."""
        if record.name.startswith("django.security."):
            record.levelno, record.levelname = min((record.levelno, record.levelname), (logging.WARNING, "WARNING"))
            if record.exc_info and record.exc_info[1]:
                record.exception, record.exc_info = traces.kind(record.exc_info[1]), None
        return True


class Handler(logging.StreamHandler):
    """Write events to stderr. Of faults and refused requests of one kind, write few and count the others."""

    def __init__(self) -> None:
        super().__init__()
        self.repeats = Repeats()

    def emit(self, record: logging.LogRecord) -> None:
        """Write the event, or leave it out. Write first what was left out for long enough."""
        try:
            self.settle()
            kind = _kind(record)
            facts = None if kind is None else self.repeats.take(kind, _moment(record), lambda: told(record))
        except Exception:
            self.handleError(record)
            return
        if kind is None:
            super().emit(record)
        elif facts is not None:
            self._write(facts)

    def settle(self, *, every: bool = False) -> None:
        """Write the last event that was left out of each kind whose minute is over, or of every kind."""
        if every or self.repeats.is_due():
            with self.lock or nullcontext():
                for facts in self.repeats.close(every=every):
                    self._write(facts)

    def close(self) -> None:
        """Write what was left out when the process ends."""
        if not self.stream.closed:
            self.settle(every=True)
        super().close()

    def _write(self, facts: Facts) -> None:
        super().emit(logging.makeLogRecord({"facts": facts}))


class JsonLine(logging.Formatter):
    """Format a record as one line of JSON in ASCII, with line breaks, control and bidi characters escaped."""

    def format(self, record: logging.LogRecord) -> str:
        return json.dumps(told(record))


class PlainLine(logging.Formatter):
    """Format a record for a person at a terminal, with the place of a fault indented below it."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the lines."""
        facts = told(record)
        where = facts.pop("where", [])
        head = [facts.pop(name) for name in ("time", "level", "event")]
        fields = [f"{name}={value}" for name, value in facts.items()]
        lines = [" ".join([*head, *fields]), *where]
        return "\n    ".join(line.encode("unicode_escape").decode() for line in lines)


def told(record: logging.LogRecord) -> Facts:
    """Return what may be logged of a record, with redacted and shortened text."""
    if hasattr(record, "facts"):
        return {name: value for name, value in record.facts.items() if value is not None}
    moment = _moment(record)
    facts = {
        "time": moment.pop("time"),
        "level": record.levelname.lower(),
        "logger": record.name,
        "event": _event(record),
        **moment,
        **_about(record),
    }
    safe = {name: _safe(value) for name, value in facts.items() if value is not None}
    return safe | ({"trace_id": facts["trace_id"]} if "trace_id" in safe else {})  # its digits look like a token


def configuration() -> dict[str, Any]:
    """Return the configuration for Django's and gunicorn's logging: plain lines on a terminal, JSON otherwise.

    Django's own handlers are removed, and so are the lines of its development server, which quote each request.
    """
    silent = {"handlers": [], "propagate": False, "level": "CRITICAL"}
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "filters": {"pages": {"()": PagesOnly}, "callers": {"()": CallersFaults}},
        "formatters": {"line": {"()": PlainLine if sys.stderr.isatty() else JsonLine}},
        "handlers": {"stderr": {"()": Handler, "formatter": "line", "filters": ["callers"]}},
        "root": {"handlers": ["stderr"], "level": "INFO"},
        "loggers": {
            "django": {"handlers": [], "level": "INFO"},
            "django.request": {"level": "ERROR", "filters": ["pages"]},
            "django.security.csrf": {"level": "ERROR"},  # `chartero.web.proxy` logs more about these
            "django.server": silent,
            "axes": {"level": "WARNING"},
            "gunicorn.error": {"handlers": [], "propagate": True, "level": "INFO"},
            "gunicorn.access": silent,
            "gunicorn.http": {"level": "ERROR"},  # it warns about each HEAD whose body it correctly drops
        },
    }


@contextmanager
def answering(request_id: str) -> Iterator[None]:
    """Add this id to everything that is logged inside. Afterwards, write what was left out for long enough."""
    outside = REQUEST_ID.set(request_id)
    try:
        yield
    finally:
        REQUEST_ID.reset(outside)
        for handler in logging.root.handlers:
            if isinstance(handler, Handler):
                handler.settle()


@contextmanager
def traced(trace_id: str) -> Iterator[None]:
    """Add the id of this trace to everything that is logged inside."""
    outside = TRACE_ID.set(trace_id)
    try:
        yield
    finally:
        TRACE_ID.reset(outside)


def log_failed_thread(failure: threading.ExceptHookArgs) -> None:
    """Log the fault that ended a thread, without Python's traceback and its text (`threading.excepthook`)."""
    if not isinstance(failure.exc_value, SystemExit):
        logger.error("a thread failed", exc_info=failure.exc_value)


def _moment(record: logging.LogRecord) -> Facts:
    """Return what differs in each event of a kind."""
    moment = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
    return {"time": moment.replace("+00:00", "Z"), "request_id": REQUEST_ID.get(), "trace_id": TRACE_ID.get()}


def _kind(record: logging.LogRecord) -> Hashable | None:
    """Return the kind of an event about a fault or a request. Other events, such as a start, have none.

    Events of one kind have the same logger, exception, place and fields, and the same words before values are inserted.
    """
    about = _about(record, frames=1)
    if not about.keys() & {"where", "status"}:
        return None
    words = _event(record) if hasattr(record, "request") else _unquoted(record, str(record.msg))
    return (record.name, record.levelno, words[:LONGEST], str(about))


def _event(record: logging.LogRecord) -> str:
    """Return what happened. Django's words about a request quote it, so its status says it in their place."""
    if hasattr(record, "request"):
        return responses.get(getattr(record, "status_code", 500), "a page failed")
    try:
        text = record.getMessage()
    except (TypeError, ValueError, KeyError):
        text = str(record.msg)
    return _unquoted(record, text)


def _unquoted(record: logging.LogRecord, text: str) -> str:
    if record.name != "gunicorn.error":
        return text
    return next((known for known in _QUOTING if text.startswith(known)), text)


def _about(record: logging.LogRecord, frames: int = traces.FRAMES) -> Facts:
    """Return what the record says about a page and a fault, with at most so many calls of its traceback."""
    about = _of_page(record) | _of_fault(record, frames)
    about |= {name: getattr(record, name) for name in FIELDS if hasattr(record, name)}
    return about | {"where": about["where"][-frames:]} if "where" in about else about


def _of_page(record: logging.LogRecord) -> Facts:
    """Return the status of a page for people and the name of its view."""
    if not hasattr(record, "request"):
        return {}
    match = getattr(record.request, "resolver_match", None)
    return {"status": getattr(record, "status_code", None), "view": match and match.view_name}


def _of_fault(record: logging.LogRecord, frames: int) -> Facts:
    fault = record.exc_info[1] if record.exc_info else None
    return {} if fault is None else {"exception": traces.kind(fault), "where": traces.place(fault, frames)}


def _safe(value: Any) -> Any:
    """Return a value that may be logged: numbers unchanged, everything else as redacted text."""
    if isinstance(value, int):
        return value
    if isinstance(value, list):
        return [_safe(each) for each in value]
    text = str(value).encode(errors="replace").decode()
    return in_text.redacted(text, REDACTED, LONGEST)
