"""`manage.py revoke_key`: revoke a key permanently."""

from typing import Any

from partners.management.base import KeyCommand
from partners.models import ApiKey
from partners.models.change import Change


class Command(KeyCommand):
    """Revoke a key."""

    help = "Revoke a key. Calls with it are refused at once. This can't be undone."
    reason_required = True

    def alter(self, key: ApiKey, change: Change, options: dict[str, Any]) -> None:
        key.revoke(change)
