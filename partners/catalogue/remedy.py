"""What a remedy says about a reason code: its cause, who can fix it, where, how, and whether to try again."""

from dataclasses import dataclass
from enum import Enum, StrEnum


class Fixer(StrEnum):
    """Who can fix what blocks a call."""

    PARTNER = "The partner's engineer"
    ONBOARDING = "Partner onboarding"
    SECURITY = "Security"
    OPERATOR = "The operator of the deployment"
    SUPPORT = "Support"


class Retry(StrEnum):
    """Whether to send the same call again."""

    NOT_AS_IT_IS = "No. The same call gets the same response until this is fixed."
    LATER = "Yes. Wait the number of seconds in Retry-After, then use increasing pauses."
    ONCE = "Once, after a pause. If it fails again, stop."


_ACCESS = "admin:partners_organization_access", "partners.change_organization", "ORGANIZATION"


class FixPlace(Enum):
    """Where to fix it: a label and, for a staff page, its view and the permission to open it.

    `otherwise` names the place for people who may not open the page.
    """

    REQUEST = "The call itself", "", ""
    DEPLOYMENT = "The deployment: its settings, database and log", "", ""
    SWITCH = "The global switch", "admin:switch", "partners.view_apikeyswitch"
    KEY = "The key's page", "admin:partners_apikey_change", "partners.view_apikey"
    ORGANIZATION = "The organization's page", "admin:partners_organization_change", "partners.view_organization"
    ENABLE = "Enable the key", "admin:partners_apikey_enable", "partners.enable_apikey", "KEY"
    SCOPES = "Add the scope", "admin:partners_apikey_scopes", "partners.scope_apikey", "KEY"
    REPLACEMENT = "Issue a replacement", "admin:partners_apikey_issue", "partners.issue_apikey", "KEY"
    NETWORKS = "Allow the network", "admin:partners_apikey_networks", "partners.network_apikey", "KEY"
    ALLOWLIST = "Allowlist the organization", *_ACCESS
    ROUTE = "Enable the route", *_ACCESS

    def __init__(self, label: str, view: str, permission: str, otherwise: str = "") -> None:
        self.label = label
        self.view = view
        self.permission = permission
        self.otherwise = otherwise


@dataclass(frozen=True, slots=True)
class Advice:
    """The usual cause as a partner sees it, and what the partner can do."""

    cause: str
    to_do: str


@dataclass(frozen=True, slots=True)
class Remedy:
    """What to say and do about one reason code. `because` completes "The call is refused because …"."""

    because: str
    cause: str
    fixer: Fixer
    place: FixPlace
    how: str
    advice: Advice
    retry: Retry = Retry.NOT_AS_IT_IS


def of_request(because: str, cause: str, how: str, advice: Advice | None = None) -> Remedy:
    """Return the remedy for a call that the partner has to fix. Most are the same for staff and partners."""
    return Remedy(because, cause, Fixer.PARTNER, FixPlace.REQUEST, how, advice or Advice(cause, how))
