"""Show a recorded change in words: the values before and after it."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django import template

from partners.models.change import ChangeEvent

register = template.Library()

LABELS = {
    "expires_at": "Expires",
    "calls_per_minute": "Limit of calls a minute",
    "network_mode": "Networks",
    "networks": "Allowed networks",
    "contact_name": "Contact",
    "contact_email": "Contact's e-mail",
    "enabled": "API-key authentication",
    "is_active": "Active",
    "is_staff": "Staff",
    "is_superuser": "Superuser",
    "groups": "Roles",
    "name_in_log": "Name in the log",
    "link_expires_at": "Link expires",
    "phone_code": "Code by phone",
    "url": "URL",
    "sha256": "SHA-256",
}
ENDS = ("expires_at", "link_expires_at", "until")
YES_NO = {"enabled": ("on", "off")}
_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)")  # as they are recorded


@dataclass(frozen=True, slots=True)
class RecordedValue:
    """One recorded value in words, before and after the change. A blank means that it was not recorded."""

    label: str
    before: str
    after: str


@register.filter
def differences(event: ChangeEvent) -> list[str]:
    """Return one line for each value that the change set or changed, without a full stop, as others may follow."""
    before, after = event.before, event.after
    return [
        f"{_label(name)}: {_told(name, before, after)}".removesuffix(".")
        for name in after
        if name not in before or before[name] != after[name]
    ]


@register.filter
def recorded_values(event: ChangeEvent) -> list[RecordedValue]:
    """Return the values that the change set, changed or removed."""
    before, after = event.before, event.after
    return [
        RecordedValue(_label(name), *(_word(name, state[name]) if name in state else "" for state in (before, after)))
        for name in {**before, **after}
        if name not in before or name not in after or before[name] != after[name]
    ]


def _label(name: str) -> str:
    return LABELS.get(name, name.replace("_", " ").capitalize())


def _told(name: str, before: dict[str, Any], after: dict[str, Any]) -> str:
    if name not in before:
        return _word(name, after[name])
    if isinstance(before[name], list) and isinstance(after[name], list):
        return _moved(before[name], after[name])
    return f"{_word(name, before[name])} → {_word(name, after[name])}"


def _moved(before: list[str], after: list[str]) -> str:
    added = [f"added {value}" for value in after if value not in before]
    return ", ".join([*added, *(f"removed {value}" for value in before if value not in after)])


def _word(name: str, value: Any) -> str:
    """Return a recorded JSON value in words."""
    if isinstance(value, bool):
        yes, no = YES_NO.get(name, ("yes", "no"))
        return yes if value else no
    if isinstance(value, list):
        return ", ".join(value) or "none"
    if value is None and name in ENDS:
        return "no end date"
    text = str(value or "none")
    return f"{datetime.fromisoformat(text).astimezone(UTC):%Y-%m-%d %H:%M} UTC" if _MOMENT.fullmatch(text) else text
