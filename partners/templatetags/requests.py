"""Show the time and the duration of a call on the staff's pages."""

from datetime import UTC, datetime

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString

from partners.templatetags.staff import distance

register = template.Library()


@register.simple_tag
def instant(when: datetime) -> SafeString:
    """Show a time in UTC to the second, and how long ago it was."""
    shown = when.astimezone(UTC)
    return format_html(
        '<time datetime="{}">{} UTC</time> <span class="ago">{}</span>',
        shown.isoformat(),
        shown.strftime("%Y-%m-%d %H:%M:%S"),
        distance(when),
    )


@register.filter
def milliseconds(microseconds: int) -> str:
    """Return a duration in milliseconds, with one decimal if it is under 10."""
    return f"{microseconds / 1000:.1f}" if microseconds < 10_000 else f"{microseconds / 1000:,.0f}"
