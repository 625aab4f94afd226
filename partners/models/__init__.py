"""The models of access management, and the changes that each allows."""

from partners.models.access_review import AccessReview
from partners.models.approvals import Approval, ApprovalState
from partners.models.change import ChangeEvent
from partners.models.handover import HandoverState, KeyHandover
from partners.models.handover.form_use import FormUse
from partners.models.keys.allowed_network import AllowedNetwork, NetworkMode
from partners.models.keys.key import ApiKey
from partners.models.keys.leak import KeyLeak
from partners.models.keys.lifecycle import KeyState
from partners.models.keys.notice import ExpiryNotice, Recipient
from partners.models.limits import GuessingAlert, LimitUse, WrongKeys
from partners.models.onboarding import OnboardingCount, OnboardingRequest, OnboardingState
from partners.models.organization import Organization, RouteGrant
from partners.models.record import (
    KeyNetwork,
    KeyUse,
    RequestRecord,
    UnkeyedAnswer,
    UnkeyedCount,
    UsageCount,
    UsageProgress,
)
from partners.models.scope import Scope
from partners.models.seal import Seal
from partners.models.switch import ApiKeySwitch
from partners.models.verification import Verification
from partners.models.webhooks import (
    DeliveryState,
    OffWhy,
    WebhookAttempt,
    WebhookDelivery,
    WebhookEndpoint,
    WebhookEvent,
    WebhookService,
)

__all__ = [
    "AccessReview",
    "AllowedNetwork",
    "ApiKey",
    "ApiKeySwitch",
    "Approval",
    "ApprovalState",
    "ChangeEvent",
    "DeliveryState",
    "ExpiryNotice",
    "FormUse",
    "GuessingAlert",
    "HandoverState",
    "KeyHandover",
    "KeyLeak",
    "KeyNetwork",
    "KeyState",
    "KeyUse",
    "LimitUse",
    "NetworkMode",
    "OffWhy",
    "OnboardingCount",
    "OnboardingRequest",
    "OnboardingState",
    "Organization",
    "Recipient",
    "RequestRecord",
    "RouteGrant",
    "Scope",
    "Seal",
    "UnkeyedAnswer",
    "UnkeyedCount",
    "UsageCount",
    "UsageProgress",
    "Verification",
    "WebhookAttempt",
    "WebhookDelivery",
    "WebhookEndpoint",
    "WebhookEvent",
    "WebhookService",
    "WrongKeys",
]
