"""`manage.py issue_key`: a new API key."""

from datetime import datetime
from typing import Any

from django.core.management.base import CommandParser

from partners.catalogue.routes import Scope
from partners.formats.spans import expiry
from partners.keys import lifetimes
from partners.keys.tokens import Token
from partners.management import handover
from partners.models import ApiKey
from partners.models.lookup import find_organization


class Command(handover.TokenCommand):
    """Issue an API key and hand its token over."""

    help = f"Issue an API key.{handover.HELP}"

    def add_arguments(self, parser: CommandParser) -> None:
        """Take what the key is for and what it may do."""
        parser.add_argument(
            "--organization",
            metavar="ORG",
            help="an org_… id or an exact name, in any case; a key without one is refused by every route",
        )
        parser.add_argument("--label", metavar="TEXT", required=True, help="what will use the key, for people")
        scopes = [scope.value for scope in Scope]
        parser.add_argument(
            "--scope",
            nargs="+",
            action="extend",
            required=True,
            choices=scopes,
            metavar="SCOPE",
            help=f"what it may read, each by name, of: {', '.join(scopes)}",
        )
        parser.add_argument("--test", action="store_true", help="a test key, where this deployment accepts them")
        parser.add_argument(
            "--expires",
            metavar="WHEN",
            help="its end: a span in hours or days (24h, 90d), a day (2027-05-25: to its end, in UTC) or a date-time "
            "with a zone (2027-05-25T14:00:00Z), or 'never' where this deployment allows that; without, "
            f"{_default_lifetime()}",
        )
        super().add_arguments(parser)

    def make(self, options: dict[str, Any]) -> tuple[ApiKey, Token]:
        """Issue the key."""
        organization = options["organization"]
        return ApiKey.issue(
            self.change(options),
            organization=None if organization is None else find_organization(organization),
            label=options["label"],
            scopes=[scope for scope in Scope if scope in options["scope"]],
            is_test=options["test"],
            expires_at=_end(options["expires"]),
        )


def _end(text: str | None) -> datetime | None:
    if text is None:
        return lifetimes.default_end()
    return None if text == "never" else expiry(text)


def _default_lifetime() -> str:
    lifetime = lifetimes.default()
    return "it does not expire" if lifetime is None else f"it ends after {lifetime.days} days"
