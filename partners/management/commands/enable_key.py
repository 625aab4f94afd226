"""`manage.py enable_key`: undo disable_key."""

from typing import Any

from partners.management.base import KeyCommand
from partners.models import ApiKey
from partners.models.change import Change


class Command(KeyCommand):
    """Enable a key."""

    help = "Enable a disabled key again. What has expired or is revoked stays so."
    reason_required = True

    def alter(self, key: ApiKey, change: Change, options: dict[str, Any]) -> None:
        """Enable a key."""
        key.enable(change)
