"""chartero's statements, as its own modules make them, with their values in order, and how they are prepared."""

import django

django.setup()

from datetime import UTC, datetime  # noqa: E402
from typing import Any  # noqa: E402

from chartero.postgresql import plans  # noqa: E402
from encounters.api import queries  # noqa: E402
from encounters.totals import sums  # noqa: E402
from partners.decision import facts  # noqa: E402
from partners.decision.address import network  # noqa: E402
from partners.formats.moments import day_of  # noqa: E402
from partners.formats.networks import sortable  # noqa: E402

Statement = tuple[str, list[Any]]
Facts = facts._Row
ADDRESS = "127.0.0.1"
SESSION = {"prepare_threshold": 0, "options": f"-c plan_cache_mode={plans.CACHE_MODES[True]}"}


def verdict(public_part: str, digest: bytes, route: str) -> Statement:
    """Return the statement for the facts of a call."""
    now = datetime.now(UTC)
    minute, source = now.replace(second=0, microsecond=0), sortable(ADDRESS)
    of_call = [now, route, route, minute, day_of(now), network(ADDRESS), source, source]
    return facts._facts("postgresql", 1).sql, [*of_call, digest, public_part]


def page(organization: int, limit: int, offset: int, bounds: dict[str, datetime]) -> Statement:
    """Return the statement for a page and its total; `bounds` may have `start` and `end`, in this order."""
    sql = queries._page("postgresql", "desc", tuple(bounds), skips=offset > 0).sql
    counted = sums.parameters(organization, bounds.get("start"), bounds.get("end"))
    return sql, [*counted, organization, *bounds.values(), *([offset] if offset else []), limit]


def encounter(public_id: str) -> Statement:
    """Return the statement for one encounter."""
    return queries._encounter("postgresql").sql, [public_id]
