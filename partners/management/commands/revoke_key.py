"""`manage.py revoke_key`: end a key for good."""

from typing import Any

from partners.management.base import KeyCommand
from partners.models import ApiKey
from partners.models.change import Change


class Command(KeyCommand):
    """Revoke a key."""

    help = "Revoke a key: its calls are refused from the next one on, for good. Nothing undoes it."
    reason_required = True

    def alter(self, key: ApiKey, change: Change, options: dict[str, Any]) -> None:
        """Revoke a key."""
        key.revoke(change)
