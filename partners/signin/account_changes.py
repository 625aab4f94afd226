"""What is recorded when users and groups change: before and after, and never a password."""

from collections.abc import Mapping
from typing import Any

from django.contrib.auth.models import Group, User

from partners.models.change import Action, Change, ChangeEvent
from partners.signin.models import SessionEpoch

IDENTITY, RIGHTS = ("first_name", "last_name", "email"), ("is_staff", "is_superuser", "groups")


def of_user(user: User) -> dict[str, Any]:
    """Return a person's identity and rights."""
    facts = {name: getattr(user, name) for name in ("username", *IDENTITY, "is_active", "is_staff", "is_superuser")}
    return facts | {"groups": sorted(user.groups.values_list("name", flat=True))}


def of_group(group: Group) -> dict[str, Any]:
    """Return the name of a group, and its permissions as `app.codename`."""
    rows = group.permissions.values_list("content_type__app_label", "codename")
    return {"name": group.name, "permissions": sorted(f"{app}.{codename}" for app, codename in rows)}


def record_user(user: User, change: Change, before: Mapping[str, Any] | None) -> None:
    """Record a new person (`before` is None), or each part that changed. A lost role ends all sessions."""
    after = of_user(user)
    if before is None:
        ChangeEvent.record(Action.USER_ADDED, change, after=after)
        return
    active = Action.USER_ACTIVATED if user.is_active else Action.USER_DEACTIVATED
    parts = {Action.USER_CHANGED: ("username", *IDENTITY), active: ("is_active",), Action.ROLES_CHANGED: RIGHTS}
    for action, names in parts.items():
        if any(before[name] != after[name] for name in names):
            _record(action, change, before, after, ("username", *names))
    if _lost_a_role(before, after):
        SessionEpoch.end_sessions(user)


def record_group(group: Group, change: Change, before: Mapping[str, Any] | None) -> None:
    """Record a new group (`before` is None), or its change."""
    after = of_group(group)
    if before is None:
        ChangeEvent.record(Action.GROUP_ADDED, change, after=after)
    elif before != after:
        ChangeEvent.record(Action.GROUP_CHANGED, change, before=before, after=after)


def _record(
    action: Action, change: Change, before: Mapping[str, Any], after: Mapping[str, Any], names: tuple[str, ...]
) -> None:
    old, new = ({name: state[name] for name in names} for state in (before, after))
    ChangeEvent.record(action, change, before=old, after=new)


def _lost_a_role(before: Mapping[str, Any], after: Mapping[str, Any]) -> bool:
    flags = any(before[name] and not after[name] for name in ("is_staff", "is_superuser"))
    return flags or not set(before["groups"]) <= set(after["groups"])
