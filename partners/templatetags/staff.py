"""Show a time, a state and a key on the staff's pages."""

from datetime import UTC, datetime

from django import template
from django.contrib.admin.views.main import PAGE_VAR, ChangeList
from django.forms import BoundField
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from partners.finding import last_use
from partners.models import ApiKey, KeyState

register = template.Library()

SECONDS = {"minute": 60, "hour": 3600, "day": 86_400}


@register.simple_tag
def moment(when: datetime | None, never: str = "Never") -> str | SafeString:
    """Show a time in UTC with its ISO date, and how far it is from now; `never` if there is none."""
    if when is None:
        return never
    shown = when.astimezone(UTC)
    return format_html(
        '<time datetime="{}">{} UTC</time> <span class="ago">{}</span>',
        shown.isoformat(),
        shown.strftime("%Y-%m-%d %H:%M"),
        distance(when),
    )


@register.filter
def distance(when: datetime) -> str:
    """Return how far a time is from now, in the largest fitting unit: `3 hours ago`, `in 12 days`."""
    seconds = (when - timezone.now()).total_seconds()
    size = abs(seconds)
    if size < 60:
        return "just now" if seconds <= 0 else "in under a minute"
    unit = "minute" if size < 7_200 else "hour" if size < 172_800 else "day"
    number = round(size / SECONDS[unit])
    words = f"{number:,} {unit}{'' if number == 1 else 's'}"
    return f"{words} ago" if seconds < 0 else f"in {words}"


@register.simple_tag
def state(value: KeyState | str) -> SafeString:
    """Show a state by word and colour."""
    return format_html('<span class="state {}">{}</span>', str(value), str(value).replace("_", " ").capitalize())


@register.simple_tag
def page_address(changelist: ChangeList, step: int) -> str:
    """Return the URL of another page of a list, `step` pages further, with the same filters."""
    return changelist.get_query_string({PAGE_VAR: changelist.page_num + step})


@register.filter
def key_name(key: ApiKey) -> str:
    """Return the beginning of a key, which staff and partners may quote."""
    return f"{key.quotable}…"


@register.filter
def in_use(key: ApiKey) -> bool:
    """Return True if a call with the key was served within the hour."""
    return last_use.in_use(key)


@register.simple_tag
def copy(text: str) -> SafeString:
    """Show a button that copies an id."""
    return format_html(
        '<button type="button" class="copy" data-text="{}" aria-label="Copy {}" title="Copy"><svg aria-hidden="true">'
        '<use href="#icon-copy"/></svg></button>',
        text,
        text,
    )


@register.simple_tag
def copyable(text: str, shown: str = "") -> SafeString:
    """Show an id, or `shown` in its place, with a button that copies it."""
    return format_html('<span class="copyable"><code>{}</code>{}</span>', shown or text, copy(text))


@register.simple_tag
def focused(field: BoundField) -> SafeString:
    """Show the widget of a field, with the focus."""
    return field.as_widget(attrs={"autofocus": True})
