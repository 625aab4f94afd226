"""The catalogue of roles: what staff may do. Each migration mirrors them as Django groups."""

from enum import Enum

from django.contrib.auth.models import Group, Permission

_SEES = (
    "partners.view_organization",
    "partners.view_apikey",
    "partners.view_apikeyswitch",
    "partners.view_requestrecord",
)
_ONBOARDS = (
    "partners.add_organization",
    "partners.change_organization",
    "partners.issue_apikey",
    "partners.rotate_apikey",
    "partners.disable_apikey",
    "partners.scope_apikey",
)
_SECURES = (
    "partners.enable_apikey",
    "partners.revoke_apikey",
    "partners.expire_apikey",
    "partners.bulk_apikey",
    "partners.turn_apikeyswitch",
    "partners.view_changeevent",
    "partners.account_disclosures",
    "encounters.view_encounter",
    "encounters.view_document",
)


class Role(Enum):
    """One role: the name of its group, and its permissions as `app.codename`."""

    SUPPORT = "Support", _SEES
    ONBOARDING = "Partner onboarding", _SEES + _ONBOARDS
    SECURITY = "Security", _SEES + _ONBOARDS + _SECURES

    def __init__(self, group_name: str, permissions: tuple[str, ...]) -> None:
        self.group_name = group_name
        self.permissions = permissions


def mirror_roles(using: str) -> None:
    """Give each role's group exactly its permissions. Other groups are not changed."""
    rows = Permission.objects.using(using).select_related("content_type")
    known = {f"{row.content_type.app_label}.{row.codename}": row for row in rows}
    for role in Role:
        group, _ = Group.objects.using(using).get_or_create(name=role.group_name)
        group.permissions.set(known[name] for name in role.permissions)
