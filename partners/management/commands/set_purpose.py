"""`manage.py set_purpose`: set why an organization receives patient data."""

from typing import Any

from django.core.management.base import CommandParser

from partners.finding.lookup import find_organization
from partners.management import output
from partners.management.base import ChangeCommand


class Command(ChangeCommand):
    """Set the purpose of the disclosures to an organization."""

    help = (
        "Set why an organization receives patient data, for example 'Treatment'. Shown in every accounting of "
        "disclosures from now on. An empty text removes the purpose."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("organization", metavar="ORG", help="an org_… id or an exact name, in any case")
        parser.add_argument("purpose", metavar="PURPOSE", help="the purpose, in words that a patient can read")
        super().add_arguments(parser)

    def report(self, **options: Any) -> dict[str, Any]:
        """Set the purpose, and report whether it changed."""
        organization = find_organization(options["organization"])
        changed = organization.set_purpose(self.change(options), options["purpose"])
        return output.of_organization(organization) | {"purpose": organization.purpose, "changed": changed}
