"""`manage.py reset_signin`: for a person who can't sign in, when no superuser is available."""

from typing import Any

from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.core.management.base import CommandParser

from partners.management.base import ChangeCommand
from partners.signin.reset import reset, state


class Command(ChangeCommand):
    """Reset a person's second factor, lockout or password."""

    help = "Reset the sign-in of a person: the second factor, the lockout or the password."
    reason_required = True

    def add_arguments(self, parser: CommandParser) -> None:
        """Add the person and what to reset."""
        parser.add_argument("username", metavar="USERNAME", help="the person who can't sign in")
        parser.add_argument("--second-factor", action="store_true", help="remove the phone and the recovery codes")
        parser.add_argument("--lockout", action="store_true", help="clear the failed attempts from every address")
        parser.add_argument("--password", action="store_true", help="set a new password, which is shown only once")
        super().add_arguments(parser)

    def report(self, **options: Any) -> dict[str, Any]:
        """Reset, and return the new state."""
        user = User.objects.filter(username=options["username"]).first()
        if user is None:
            raise ValidationError("There is no user with this name. Names are case-sensitive.", code="user_not_found")
        asked = {part: options[part] for part in ("second_factor", "lockout", "password")}
        made = reset(user, self.change(options), **asked)
        return state(user) | ({"new_password": made} if made else {})
