"""`manage.py create_organization`: add a partner."""

from typing import Any

from django.core.management.base import CommandParser

from partners.management import output
from partners.management.base import ChangeCommand
from partners.models import Organization


class Command(ChangeCommand):
    """Create an organization."""

    help = "Create an organization for a partner. It can't call anything until you grant access with set_access."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("name", metavar="NAME", help="the partner's name, unique regardless of case")
        parser.add_argument("--purpose", default="", help="why it receives patient data, for example 'Treatment'")
        super().add_arguments(parser)

    def report(self, **options: Any) -> dict[str, Any]:
        organization = Organization.create(options["name"], self.change(options), purpose=options["purpose"])
        return output.of_organization(organization) | {"purpose": organization.purpose}
