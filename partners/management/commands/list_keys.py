"""`manage.py list_keys`: list the API keys and their states."""

from typing import Any

from django.core.management.base import CommandParser

from partners.finding.lookup import find_organization
from partners.keys import tokens
from partners.management import output
from partners.management.base import ReportCommand
from partners.models import ApiKey, KeyState
from partners.tags import tagged

COLUMNS = ["KEY", "STATE", "EXPIRES", "ORGANIZATION", "LABEL", "SCOPES", "KEY ID"]


class Command(ReportCommand):
    """List the API keys, newest first."""

    help = "List the API keys, newest first. Secrets are never shown. Other commands take a key as KEY or KEY ID."

    def add_arguments(self, parser: CommandParser) -> None:
        states = [state.value for state in KeyState]
        parser.add_argument(
            "--organization", metavar="ORG", help="only keys of this organization: its id or exact name"
        )
        parser.add_argument("--state", choices=states, help="only keys in this state")
        parser.add_argument("--owner", metavar="TEXT", help="only keys whose owner contains this text")
        parser.add_argument("--tag", metavar="TAG", help="only keys with this tag")
        super().add_arguments(parser)

    def report(self, **options: Any) -> dict[str, Any]:
        keys = ApiKey.objects.select_related("organization").prefetch_related("scopes")
        if options["organization"] is not None:
            keys = keys.filter(organization=find_organization(options["organization"]))
        if options["owner"] is not None:
            keys = keys.filter(owner__icontains=options["owner"])
        if options["tag"] is not None:
            keys = keys.filter(tagged(options["tag"]))
        return {"keys": [_entry(key) for key in keys if options["state"] in (None, key.state)]}

    def lines(self, report: dict[str, Any]) -> list[str]:
        """Return a table with one line per key."""
        rows = [_row(key) for key in report["keys"]]
        return output.table([COLUMNS, *rows]) if rows else ["No keys."]


def _entry(key: ApiKey) -> dict[str, Any]:
    described = {"owner": key.owner, "tags": key.tags, "note": key.note}
    return {"organization": key.organization and key.organization.name} | output.of_key(key) | described


def _row(key: dict[str, Any]) -> list[str]:
    fields = ("state", "expires_at", "organization", "label", "scopes", "key_id")
    name = tokens.quotable(key["public_part"], is_test=key["test"])
    return [name, *(output.plain(key[field]) for field in fields)]
