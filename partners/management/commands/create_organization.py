"""`manage.py create_organization`: a new partner."""

from typing import Any

from django.core.management.base import CommandParser

from partners.management import output
from partners.management.base import ChangeCommand
from partners.models import Organization


class Command(ChangeCommand):
    """Create an organization."""

    help = "Create a partner organization. It may call nothing until set_access says what."

    def add_arguments(self, parser: CommandParser) -> None:
        """Take the name and the purpose."""
        parser.add_argument("name", metavar="NAME", help="its name, unlike that of any other in any case")
        parser.add_argument("--purpose", default="", help="for what it gets patients' data, as 'Treatment'")
        super().add_arguments(parser)

    def report(self, **options: Any) -> dict[str, Any]:
        """Create it."""
        organization = Organization.create(options["name"], self.change(options), purpose=options["purpose"])
        return output.of_organization(organization) | {"purpose": organization.purpose}
