"""`manage.py set_networks`: set from which networks a key may be used."""

from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import CommandParser

from partners.management.base import KeyCommand
from partners.models import AllowedNetwork, ApiKey, NetworkMode
from partners.models.change import Change


class Command(KeyCommand):
    """Replace a key's allowed networks, or change only what happens to calls from elsewhere."""

    help = (
        "Set from which networks a key may be used, effective with its next call. --allow replaces the whole list; "
        "without it the list stays. In the mode watch, calls from elsewhere are only marked on their records."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument(
            "--allow",
            action="append",
            metavar="NETWORK=NAME",
            help="a network in CIDR notation, or an address, and its name; repeat it for each network of the list",
        )
        parser.add_argument("--mode", required=True, choices=NetworkMode.values, help="what happens to other calls")

    def report(self, **options: Any) -> dict[str, Any]:
        """Change the networks, and return the key's facts with them."""
        facts = super().report(**options)
        rows = AllowedNetwork.objects.filter(api_key__public_id=facts["key_id"])
        return facts | {"network_mode": options["mode"], "networks": list(map(str, rows))}

    def alter(self, key: ApiKey, change: Change, options: dict[str, Any]) -> None:
        given = options["allow"]
        rows = list(key.allowed_networks.all()) if given is None else AllowedNetwork.listed(map(_named, given))
        key.set_networks(options["mode"], rows, change)


def _named(text: str) -> tuple[str, str]:
    network, equals, name = text.partition("=")
    if not equals:
        raise ValidationError(f"Write --allow {network}=NAME, with a name for the network.", code="no_name")
    return network.strip(), name
