"""How PostgreSQL plans statements: anew for the values of each call, or once for a connection, whatever the values.

Left alone it weighs that by estimates, and errs both ways. A page of encounters, whose values are times and offsets, it
would plan anew for each call, in more time than the page takes. For the pages of staff it would come to a plan for any
values, and so past the partial indexes that they need.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

FOR_EACH_CALL, ONCE = "force_custom_plan", "force_generic_plan"

# PostgreSQL's `plan_cache_mode` for what this thread executes.
MODE: ContextVar[str] = ContextVar("plan_cache_mode", default=FOR_EACH_CALL)


@contextmanager
def made_once() -> Iterator[None]:
    """Have each statement inside planned once for its connection: those of the partner API are written for that."""
    outside = MODE.set(ONCE)
    try:
        yield
    finally:
        MODE.reset(outside)
