"""The rows of access management, and what each may do."""

from partners.events import ChangeEvent
from partners.models.key import ApiKey, KeyState
from partners.models.organization import Organization, RouteGrant
from partners.models.scope import Scope
from partners.models.switch import ApiKeySwitch
from partners.nonces import FormUse

__all__ = ["ApiKey", "ApiKeySwitch", "ChangeEvent", "FormUse", "KeyState", "Organization", "RouteGrant", "Scope"]
