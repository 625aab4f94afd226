"""`manage.py set_scopes`: what a key may read."""

from typing import Any

from django.core.management.base import CommandParser

from partners.catalogue.routes import Scope
from partners.management.base import KeyCommand
from partners.models import ApiKey
from partners.models.change import Change


class Command(KeyCommand):
    """Replace a key's scopes."""

    help = "Replace the scopes of a key by these, from its next call on. To stop it altogether, use disable_key."

    def add_arguments(self, parser: CommandParser) -> None:
        """Take the scopes."""
        super().add_arguments(parser)
        scopes = [scope.value for scope in Scope]
        parser.add_argument(
            "scopes",
            nargs="+",
            choices=scopes,
            metavar="SCOPE",
            help=f"all that it may read from now on, of: {', '.join(scopes)}",
        )

    def alter(self, key: ApiKey, change: Change, options: dict[str, Any]) -> None:
        """Replace them."""
        key.set_scopes([scope for scope in Scope if scope in options["scopes"]], change)
