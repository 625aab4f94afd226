"""Show numbers and times of calls, and the small chart of a row, on the staff's pages."""

from datetime import UTC, datetime
from typing import Any

from django import template

from partners.usage.chart import SmallCharts

register = template.Library()


@register.filter
def thousands(number: int) -> str:
    """Return a number with its thousands separated."""
    return f"{number:,}"


@register.filter
def utc(when: datetime) -> str:
    """Return a time in UTC to the minute, for text that can hold no element."""
    return f"{when.astimezone(UTC):%Y-%m-%d %H:%M} UTC"


@register.inclusion_tag("partners/_usage_small.html")
def small_chart(charts: SmallCharts, pk: int) -> dict[str, Any]:
    """Show the calls of one row of a list."""
    return {"small": charts.rows.get(pk)}
