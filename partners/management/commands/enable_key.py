"""`manage.py enable_key`: accept a disabled key's calls again."""

from typing import Any

from partners.management.base import KeyCommand
from partners.models import ApiKey
from partners.models.change import Change


class Command(KeyCommand):
    """Enable a key."""

    help = "Enable a disabled key. A key that has expired or was revoked can't be enabled."
    reason_required = True

    def alter(self, key: ApiKey, change: Change, options: dict[str, Any]) -> None:
        key.enable(change)
