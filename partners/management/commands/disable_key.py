"""`manage.py disable_key`: refuse a key's calls until it is enabled again."""

from typing import Any

from partners.management.base import KeyCommand
from partners.models import ApiKey
from partners.models.change import Change


class Command(KeyCommand):
    """Disable a key."""

    help = "Disable a key. Calls with it are refused at once, until you enable it again with enable_key."
    reason_required = True

    def alter(self, key: ApiKey, change: Change, options: dict[str, Any]) -> None:
        key.disable(change)
