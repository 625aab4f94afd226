"""`manage.py set_scopes`: set what a key may read."""

from typing import Any

from django.core.management.base import CommandParser

from partners.catalogue.routes import Scope
from partners.finding.lookup import find_key
from partners.management import output
from partners.management.base import KeyCommand
from partners.review.approvals import asking


class Command(KeyCommand):
    """Replace a key's scopes."""

    help = (
        "Replace the scopes of a key. Takes effect with its next call. With CHARTERO_FOUR_EYES, added scopes of a live "
        "key wait until another person approves them. To block the key completely, use disable_key."
    )

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

    def report(self, **options: Any) -> dict[str, Any]:
        """Change the scopes, and return the facts of the key."""
        key, scopes = find_key(options["key"]), [scope for scope in Scope if scope in options["scopes"]]
        outcome = asking.set_scopes(key, scopes, self.change(options), None)
        return output.of_key(key) | output.of_approval(outcome.approval)
