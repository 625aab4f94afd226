"""`manage.py set_scopes`: set what a key may read."""

from typing import Any

from django.core.management.base import CommandParser

from partners.catalogue.routes import Scope
from partners.management.base import KeyCommand
from partners.models import ApiKey
from partners.models.change import Change


class Command(KeyCommand):
    """Replace a key's scopes."""

    help = "Replace the scopes of a key. Takes effect with its next call. To block the key completely, use disable_key."

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        scopes = [scope.value for scope in Scope]
        parser.add_argument(
            "scopes",
            nargs="+",
            choices=scopes,
            metavar="SCOPE",
            help=f"all scopes that the key has from now on, one or more of: {', '.join(scopes)}",
        )

    def alter(self, key: ApiKey, change: Change, options: dict[str, Any]) -> None:
        key.set_scopes([scope for scope in Scope if scope in options["scopes"]], change)
