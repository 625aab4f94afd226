"""How PostgreSQL plans statements: anew for the values of each call, or once for a connection, whatever the values.

Left alone with prepared statements it weighs that by estimates, and errs both ways. A page of encounters, whose values
are times and offsets, it would plan anew for each call, in more time than the page takes. For the pages of staff it
would come to a plan for any values, and so past the partial indexes that they need.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

# Whether what this thread executes is prepared, and planned once for its connection.
ONCE: ContextVar[bool] = ContextVar("planned_once", default=False)

# PostgreSQL's `plan_cache_mode`. A statement that is not prepared is planned for its values under `auto`.
CACHE_MODES = {False: "auto", True: "force_generic_plan"}


@contextmanager
def made_once() -> Iterator[None]:
    """Have each statement inside planned once for its connection: those of the partner API are written for that."""
    outside = ONCE.set(True)
    try:
        yield
    finally:
        ONCE.reset(outside)
