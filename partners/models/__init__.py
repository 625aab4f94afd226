"""The models of access management, and the changes that each allows."""

from partners.models.allowed_network import AllowedNetwork, NetworkMode
from partners.models.change import ChangeEvent
from partners.models.form_use import FormUse
from partners.models.handover import HandoverState, KeyHandover
from partners.models.key import ApiKey
from partners.models.leak import KeyLeak
from partners.models.lifecycle import KeyState
from partners.models.limits import GuessingAlert, LimitUse, WrongKeys
from partners.models.notice import ExpiryNotice, Recipient
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
from partners.models.switch import ApiKeySwitch

__all__ = [
    "AllowedNetwork",
    "ApiKey",
    "ApiKeySwitch",
    "ChangeEvent",
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
    "Organization",
    "Recipient",
    "RequestRecord",
    "RouteGrant",
    "Scope",
    "UnkeyedAnswer",
    "UnkeyedCount",
    "UsageCount",
    "UsageProgress",
    "WrongKeys",
]
