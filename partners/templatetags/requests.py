"""How the staff's pages write the moment and the duration of a call."""

from datetime import UTC, datetime

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString

from partners.templatetags.staff import distance

register = template.Library()


@register.simple_tag
def instant(when: datetime) -> SafeString:
    """Write a moment in UTC to the second, with its distance from now beside it."""
    shown = when.astimezone(UTC)
    return format_html(
        '<time datetime="{}">{} UTC</time> <span class="ago">{}</span>',
        shown.isoformat(),
        shown.strftime("%Y-%m-%d %H:%M:%S"),
        distance(when),
    )


@register.filter
def milliseconds(microseconds: int) -> str:
    """Return a duration in milliseconds, with one decimal where that says something."""
    return f"{microseconds / 1000:.1f}" if microseconds < 10_000 else f"{microseconds / 1000:,.0f}"
