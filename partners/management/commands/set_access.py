"""`manage.py set_access`: set which routes an organization may call."""

from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import CommandParser

from partners.catalogue.routes import Route
from partners.finding.lookup import find_organization
from partners.management import output
from partners.management.base import ChangeCommand
from partners.review.approvals import asking

ALL = "all"


class Command(ChangeCommand):
    """Change whether an organization is allowlisted, and enable or disable routes for it."""

    help = (
        "Set what an organization may call. To call a route, it must be allowlisted and the route must be enabled. "
        "Anything that you don't name stays unchanged. Changes take effect with the next call. With "
        "CHARTERO_FOUR_EYES, what you allow or enable waits until another person approves it."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("organization", metavar="ORG", help="an org_… id or an exact name, in any case")
        allowlist = parser.add_mutually_exclusive_group()
        allowlist.add_argument("--allow", dest="allowlisted", action="store_true", default=None, help="allowlist it")
        allowlist.add_argument(
            "--deny", dest="allowlisted", action="store_false", default=None, help="remove it from the allowlist"
        )
        names = [ALL, *(route.route_name for route in Route.grantable())]
        for option in ("--enable", "--disable"):
            parser.add_argument(
                option,
                nargs="+",
                action="extend",
                default=[],
                choices=names,
                metavar="ROUTE",
                help=f"{option[2:]} these routes, one or more of: {', '.join(names)}",
            )
        super().add_arguments(parser)

    def report(self, **options: Any) -> dict[str, Any]:
        """Make the changes, and report whether anything changed."""
        allowlisted, enable, disable = options["allowlisted"], options["enable"], options["disable"]
        if allowlisted is None and not enable and not disable:
            raise ValidationError(
                "Nothing to change. Use --allow, --deny, --enable or --disable.", code="nothing_asked"
            )
        organization = find_organization(options["organization"])
        given: dict[str, Any] = {"allowlisted": allowlisted, "enable": _routes(enable), "disable": _routes(disable)}
        outcome = asking.set_access(organization, self.change(options), None, **given)
        facts = output.of_organization(organization) | {"changed": outcome.changed}
        return facts | output.of_approval(outcome.approval)


def _routes(names: list[str]) -> list[Route]:
    return [*Route.grantable()] if ALL in names else [Route.named(name) for name in names]
