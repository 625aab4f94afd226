"""The states of an API key."""

from enum import StrEnum


class KeyState(StrEnum):
    """What staff call a key's state; the most final one where several hold."""

    ACTIVE = "active"
    DISABLED = "disabled"
    EXPIRED = "expired"
    REVOKED = "revoked"
