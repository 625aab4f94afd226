"""`manage.py set_limit`: limit the calls of a key or an organization."""

from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import CommandParser

from partners.finding.lookup import find_key, find_organization
from partners.management import output
from partners.management.base import ChangeCommand
from partners.models import ApiKey

NONE = "none"


class Command(ChangeCommand):
    """Limit the calls a minute with a key, or with all keys of an organization together."""

    help = (
        "Limit the calls a minute with one key, or with all keys of an organization together. Calls beyond the limit "
        "are refused with rate_limited for the rest of the minute. Takes effect with the next call."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        limited = parser.add_mutually_exclusive_group(required=True)
        limited.add_argument("--key", metavar="KEY", help="a key_… id or a public part; never a token")
        limited.add_argument("--organization", metavar="ORG", help="an org_… id or an exact name, in any case")
        parser.add_argument("limit", metavar="LIMIT", help=f"calls a minute, or {NONE} to remove the limit")
        super().add_arguments(parser)

    def report(self, **options: Any) -> dict[str, Any]:
        """Set the limit, and report whether it changed."""
        limit, change = _number(options["limit"]), self.change(options)
        row = find_key(options["key"]) if options["key"] else find_organization(options["organization"])
        changed = row.set_limit(change, limit)
        facts = output.of_key(row) if isinstance(row, ApiKey) else output.of_organization(row)
        return facts | {"calls_per_minute": row.calls_per_minute, "changed": changed}


def _number(text: str) -> int | None:
    if text == NONE:
        return None
    if not (text.isascii() and text.isdecimal()):
        raise ValidationError(f"Give the limit as a whole number, or {NONE}.", code="invalid_limit")
    return int(text)
