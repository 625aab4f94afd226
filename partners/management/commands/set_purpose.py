"""`manage.py set_purpose`: for what an organization gets patients' data."""

from typing import Any

from django.core.management.base import CommandParser

from partners.management import output
from partners.management.base import ChangeCommand
from partners.models.lookup import find_organization


class Command(ChangeCommand):
    """State the purpose of the disclosures to an organization."""

    help = (
        "State for what an organization gets patients' data, as 'Treatment'. It stands in every accounting of "
        "disclosures, from now on; an empty text takes it away."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Take the organization and the purpose."""
        parser.add_argument("organization", metavar="ORG", help="an org_… id or an exact name, in any case")
        parser.add_argument("purpose", metavar="PURPOSE", help="the purpose, in a few words that a patient may read")
        super().add_arguments(parser)

    def report(self, **options: Any) -> dict[str, Any]:
        """Change it, and say whether that made a difference."""
        organization = find_organization(options["organization"])
        changed = organization.set_purpose(self.change(options), options["purpose"])
        return output.of_organization(organization) | {"purpose": organization.purpose, "changed": changed}
