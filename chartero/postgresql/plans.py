"""How PostgreSQL plans statements: again for the values of each call, or once for each connection.

By default, it decides this for prepared statements by estimates, and is wrong in both directions. It would plan a page
of encounters, whose values are times and offsets, again for each call, which takes longer than the page itself. For
staff pages, it would use a generic plan, which can't use the partial indexes that they need.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

# True if statements of this thread are prepared, and planned once for their connection.
ONCE: ContextVar[bool] = ContextVar("planned_once", default=False)

# PostgreSQL's `plan_cache_mode`. With `auto`, a statement that is not prepared is planned for its values.
CACHE_MODES = {False: "auto", True: "force_generic_plan"}


@contextmanager
def made_once() -> Iterator[None]:
    """Plan each statement inside once for its connection. The statements of the partner API are written for this."""
    outside = ONCE.set(True)
    try:
        yield
    finally:
        ONCE.reset(outside)
