"""`manage.py issue_key`: issue an API key."""

from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import CommandParser

from partners.catalogue.routes import Scope
from partners.finding.lookup import find_organization
from partners.formats.spans import expiry
from partners.keys import lifetimes
from partners.keys.tokens import Token
from partners.management import handover, output
from partners.models import ApiKey, KeyHandover
from partners.models.approvals.key import WantedKey
from partners.names import tidy
from partners.review.approvals import asking


class Command(handover.TokenCommand):
    """Issue an API key and hand its token over."""

    help = (
        "Issue an API key. With CHARTERO_FOUR_EYES, another person must approve a live key first: this command asks "
        f"for it, and issue_approved_key issues it.{handover.HELP}"
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--organization",
            metavar="ORG",
            help="an org_… id or an exact name, in any case; without an organization, the key can read no data",
        )
        parser.add_argument("--label", metavar="TEXT", required=True, help="which system will use the key")
        scopes = [scope.value for scope in Scope]
        parser.add_argument(
            "--scope",
            nargs="+",
            action="extend",
            required=True,
            choices=scopes,
            metavar="SCOPE",
            help=f"the scopes of the key, one or more of: {', '.join(scopes)}",
        )
        parser.add_argument("--test", action="store_true", help="issue a test key, if this deployment accepts them")
        parser.add_argument(
            "--expires",
            metavar="WHEN",
            help="when the key expires: after hours or days (24h, 90d), at the end of a day in UTC (2027-05-25), at a "
            "date-time with a time zone (2027-05-25T14:00:00Z), or 'never' if this deployment allows it (default: "
            f"{_default_lifetime()})",
        )
        super().add_arguments(parser)

    def asks(self, options: dict[str, Any]) -> bool:
        return asking.need_approval(is_test=options["test"])

    def ask(self, options: dict[str, Any]) -> dict[str, Any]:
        name = options["organization"]
        wanted = WantedKey(
            organization=None if name is None else find_organization(name),
            label=tidy(options["label"]),
            scopes=[scope for scope in Scope if scope in options["scope"]],
            by_link=options["handover"],
            phone_code=options["phone_code"],
            **handover.life(options["expires"]),
        )
        return output.of_approval(asking.ask_for_key(wanted, self.change(options), None))

    def prepare(self, options: dict[str, Any]) -> KeyHandover:
        if options["organization"] is None:
            raise ValidationError("Name the organization whose contact gets the link.", code="no_contact")
        return KeyHandover.prepare(
            self.change(options),
            None,
            organization=find_organization(options["organization"]),
            label=options["label"],
            scopes=[scope for scope in Scope if scope in options["scope"]],
            is_test=options["test"],
            **handover.life(options["expires"]),
        )

    def make(self, options: dict[str, Any]) -> tuple[ApiKey, Token]:
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
    return "never" if lifetime is None else f"{lifetime.days}d"
