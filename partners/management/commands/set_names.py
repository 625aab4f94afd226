"""`manage.py set_names`: set whether an organization receives names and dates of birth."""

from typing import Any

from django.core.management.base import CommandParser

from partners.finding.lookup import find_organization
from partners.management import output
from partners.management.base import ChangeCommand


class Command(ChangeCommand):
    """Set whether an organization receives names and dates of birth of patients."""

    help = (
        "Set whether an organization receives names and dates of birth of patients. If not, they are null in every "
        "answer from the next call on. The text of notes and transcripts is not changed."
    )
    reason_required = True

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("organization", metavar="ORG", help="an org_… id or an exact name, in any case")
        parser.add_argument("to", choices=["on", "off"], help="on: it receives them; off: it doesn't")
        super().add_arguments(parser)

    def report(self, **options: Any) -> dict[str, Any]:
        """Set it, and report whether it changed."""
        organization = find_organization(options["organization"])
        changed = organization.set_names(self.change(options), receives=options["to"] == "on")
        return output.of_organization(organization) | {"names": organization.receives_names, "changed": changed}
