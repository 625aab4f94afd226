"""`manage.py api_keys`: the global switch for API-key authentication."""

from typing import Any

from django.core.management.base import CommandParser

from partners.management.base import ChangeCommand
from partners.models import ApiKeySwitch


class Command(ChangeCommand):
    """Switch API-key authentication on or off."""

    help = "Switch API-key authentication on or off for all partners. Takes effect with the next call."
    reason_required = True

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("position", choices=["on", "off"], help="off: every call is refused with api_keys_disabled")
        super().add_arguments(parser)

    def report(self, **options: Any) -> dict[str, Any]:
        ApiKeySwitch.turn(options["position"] == "on", self.change(options))
        return {"api_keys": options["position"]}
