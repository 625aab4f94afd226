"""`manage.py disable_key`: refuse a key's calls for a time."""

from typing import Any

from partners.management.base import KeyCommand
from partners.models import ApiKey
from partners.models.change import Change


class Command(KeyCommand):
    """Disable a key."""

    help = "Disable a key: its calls are refused from the next one on, until enable_key."
    reason_required = True

    def alter(self, key: ApiKey, change: Change, options: dict[str, Any]) -> None:
        """Disable a key."""
        key.disable(change)
