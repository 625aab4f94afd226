"""`manage.py issue_approved_key`: issue a key that another person has approved."""

from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import CommandParser

from partners.keys.tokens import Token
from partners.management.handover import TokenCommand
from partners.models import ApiKey, Approval


class Command(TokenCommand):
    """Issue a key that was asked for with `issue_key`, and hand its token over."""

    help = (
        "Issue a key that you asked for with issue_key, once another person has approved it. The token is shown only "
        "once. In scripts, use --json to print it as a value of the report, or --out to write only the token to a new "
        "file with mode 0600. If the token can't be written, nothing is changed."
    )
    by_link = False

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("approval", metavar="NUMBER", type=int, help="the number that issue_key reported")
        super().add_arguments(parser)

    def make(self, options: dict[str, Any]) -> tuple[ApiKey, Token]:
        approval = Approval.objects.filter(pk=options["approval"]).first()
        if approval is None or not approval.by_asker:
            raise ValidationError("There is no request for a key with this number.", code="no_such_approval")
        return approval.issue(self.change(options), None)
