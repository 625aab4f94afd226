"""The catalogue of roles: what staff may do. Each migration mirrors them as Django groups."""

from enum import Enum

from django.contrib.auth.models import Group, Permission

_SEES = (
    "partners.view_organization",
    "partners.view_apikey",
    "partners.view_apikeyswitch",
    "partners.view_requestrecord",
    "partners.comment_changeevent",
)
_ONBOARDS = (
    "partners.add_organization",
    "partners.change_organization",
    "partners.decide_onboardingrequest",
    "partners.issue_apikey",
    "partners.rotate_apikey",
    "partners.disable_apikey",
    "partners.scope_apikey",
    "partners.describe_apikey",
    "partners.report_keyleak",
    "partners.limit_apikey",
    "partners.network_apikey",
)
_SECURES = (
    "partners.enable_apikey",
    "partners.revoke_apikey",
    "partners.expire_apikey",
    "partners.bulk_apikey",
    "partners.turn_apikeyswitch",
    "partners.view_changeevent",
    "partners.account_disclosures",
    "partners.sign_accessreview",
    "partners.explain_verification",
    "encounters.view_encounter",
    "encounters.view_document",
    "encounters.view_restriction",
    "encounters.restrict_records",
)


# What each permission allows, as people say it, in the order of the work.
ABILITIES = {
    "partners.view_organization": "See organizations",
    "partners.add_organization": "Create organizations",
    "partners.decide_onboardingrequest": "See and decide on access requests",
    "partners.change_organization": "Change access, webhooks, contact, purpose, limit and description of organizations",
    "partners.view_apikey": "See API keys and approvals, and why a call fails",
    "partners.issue_apikey": "Issue keys",
    "partners.rotate_apikey": "Rotate keys, and end an overlap",
    "partners.scope_apikey": "Change the scopes of keys",
    "partners.describe_apikey": "Change the owner, note and tags of keys",
    "partners.limit_apikey": "Limit the calls of keys",
    "partners.network_apikey": "Change the allowed networks of keys",
    "partners.expire_apikey": "Change when keys expire",
    "partners.disable_apikey": "Disable keys",
    "partners.enable_apikey": "Enable disabled keys",
    "partners.revoke_apikey": "Revoke keys",
    "partners.bulk_apikey": "Change many keys at once",
    "partners.report_keyleak": "Report keys as leaked",
    "partners.view_requestrecord": "See requests",
    "partners.view_apikeyswitch": "See the global switch",
    "partners.turn_apikeyswitch": "Switch all API keys on and off",
    "partners.comment_changeevent": "Comment on organizations and keys",
    "partners.view_changeevent": "See the record of changes, and staff activity",
    "partners.account_disclosures": "Account for the disclosures of a patient's data",
    "partners.sign_accessreview": "Review who has access, and sign it off",
    "partners.explain_verification": "Explain faults of the record",
    "encounters.view_encounter": "See encounters",
    "encounters.view_document": "See the documents of encounters",
    "encounters.view_restriction": "See which records are restricted, and why",
    "encounters.restrict_records": "Restrict records, and lift restrictions",
}
SUPERUSERS_ONLY = "Manage users and reset their sign-in"


class Role(Enum):
    """One role: the name of its group, its permissions as `app.codename`, and what it may do in a sentence."""

    SUPPORT = (
        "Support",
        _SEES,
        "Sees organizations, keys, requests and why a call fails. Comments, but changes nothing.",
    )
    ONBOARDING = (
        "Partner onboarding",
        _SEES + _ONBOARDS,
        "May also create organizations, set their access, and issue, rotate and disable keys.",
    )
    SECURITY = (
        "Security",
        _SEES + _ONBOARDS + _SECURES,
        "May also enable and revoke keys, use the global switch, restrict records, and see changes and disclosures.",
    )

    def __init__(self, group_name: str, permissions: tuple[str, ...], says: str) -> None:
        self.group_name = group_name
        self.permissions = permissions
        self.says = says


def mirror_roles(using: str) -> None:
    """Give each role's group exactly its permissions. Other groups are not changed."""
    rows = Permission.objects.using(using).select_related("content_type")
    known = {f"{row.content_type.app_label}.{row.codename}": row for row in rows}
    for role in Role:
        group, _ = Group.objects.using(using).get_or_create(name=role.group_name)
        group.permissions.set(known[name] for name in role.permissions)
