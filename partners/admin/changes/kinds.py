"""Groups of the kinds of changes, for the filter: everything about keys, everything about signing in, and so on."""

from dataclasses import dataclass

from partners.models.change import Action


@dataclass(frozen=True, slots=True)
class Group:
    """Kinds of changes about one thing. `words` is the filter's choice for all of them."""

    title: str
    words: str
    actions: tuple[Action, ...]


GROUPS = {
    "organizations": Group(
        "Organizations",
        "Any change of an organization",
        (
            Action.ORGANIZATION_CREATED,
            Action.CONTACT_CHANGED,
            Action.PURPOSE_CHANGED,
            Action.ACCESS_CHANGED,
            Action.NAMES_CHANGED,
            Action.ORGANIZATION_LIMIT_CHANGED,
            Action.ACCESS_REQUEST_ACCEPTED,
            Action.ACCESS_REQUEST_DECLINED,
        ),
    ),
    "notes": Group(
        "Descriptions and comments",
        "Any description or comment",
        (Action.DESCRIPTION_CHANGED, Action.COMMENTED),
    ),
    "keys": Group(
        "API keys",
        "Any change of a key",
        (
            Action.KEY_ISSUED,
            Action.KEY_ROTATED,
            Action.ROTATION_FINISHED,
            Action.KEY_DISABLED,
            Action.KEY_ENABLED,
            Action.KEY_REVOKED,
            Action.KEY_LEAKED,
            Action.SCOPES_CHANGED,
            Action.KEY_LIMIT_CHANGED,
            Action.NETWORKS_CHANGED,
            Action.EXPIRY_CHANGED,
            Action.API_KEYS_SWITCHED,
        ),
    ),
    "links": Group(
        "Hand-over by link",
        "Anything about links",
        (
            Action.HANDOVER_PREPARED,
            Action.HANDOVER_SENT,
            Action.HANDOVER_NOT_SENT,
            Action.HANDOVER_OPENED,
            Action.HANDOVER_REFUSED,
            Action.HANDOVER_COLLECTED,
            Action.HANDOVER_LOCKED,
            Action.HANDOVER_REUSED,
            Action.HANDOVER_WITHDRAWN,
        ),
    ),
    "webhooks": Group(
        "Webhooks",
        "Anything about webhooks",
        (
            Action.WEBHOOK_ADDED,
            Action.WEBHOOK_SWITCHED_OFF,
            Action.WEBHOOK_SWITCHED_ON,
            Action.WEBHOOK_SECRET_RENEWED,
            Action.WEBHOOK_SECRET_IN_FORCE,
            Action.WEBHOOK_SECRET_SHOWN,
            Action.WEBHOOK_TESTED,
            Action.WEBHOOK_REPLAYED,
        ),
    ),
    "approvals": Group(
        "Approvals",
        "Anything about approvals",
        (
            Action.APPROVAL_REQUESTED,
            Action.APPROVED,
            Action.APPROVAL_DECLINED,
            Action.APPROVAL_WITHDRAWN,
        ),
    ),
    "users": Group(
        "Users and roles",
        "Any change of a user",
        (
            Action.USER_ADDED,
            Action.USER_CHANGED,
            Action.USER_DEACTIVATED,
            Action.USER_ACTIVATED,
            Action.ROLES_CHANGED,
            Action.GROUP_ADDED,
            Action.GROUP_CHANGED,
            Action.SIGN_IN_RESET,
            Action.ACCESS_REVIEWED,
        ),
    ),
    "records": Group(
        "Records",
        "Anything about records",
        (
            Action.RECORD_RESTRICTED,
            Action.RESTRICTION_LIFTED,
            Action.DISCLOSURES_ACCOUNTED,
            Action.EXPORTED,
            Action.CHECKPOINT_SENT,
            Action.FAULTS_EXPLAINED,
            Action.STAFF_ACTIVITY_SHOWN,
            Action.RECORDS_PRUNED,
        ),
    ),
    "signin": Group(
        "Signing in",
        "Anything about signing in",
        (
            Action.SIGNED_IN,
            Action.SECOND_FACTOR_PROVED,
            Action.SIGNED_OUT,
            Action.SESSIONS_ENDED,
            Action.PASSWORD_CHANGED,
            Action.SECOND_FACTOR_SET_UP,
            Action.RECOVERY_CODES_RENEWED,
            Action.RECOVERY_CODE_USED,
            Action.LOCKED_OUT,
            Action.PAGE_REFUSED,
        ),
    ),
}
WORK = "work"
CHOICES = [
    ("", "Any"),
    (WORK, "All but signing in"),
    *(
        (group.title, [(name, group.words), *((action.value, action.label) for action in group.actions)])
        for name, group in GROUPS.items()
    ),
]


def actions(kind: str) -> list[str]:
    """Return the actions that a choice of the filter means."""
    if kind == WORK:
        return [action for action in Action if action not in GROUPS["signin"].actions]
    return [*GROUPS[kind].actions] if kind in GROUPS else [kind]
