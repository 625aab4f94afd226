"""`manage.py reset_signin`: for who cannot sign in, when there is no superuser to ask."""

from typing import Any

from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.core.management.base import CommandParser

from partners.management.base import ChangeCommand
from partners.signin.reset import reset, state


class Command(ChangeCommand):
    """Reset somebody's second factor, lockout or password."""

    help = "Reset what keeps somebody from signing in: a lost phone, a lockout, a lost password."
    reason_required = True

    def add_arguments(self, parser: CommandParser) -> None:
        """Take the person and what to reset."""
        parser.add_argument("username", metavar="USERNAME", help="who cannot sign in")
        parser.add_argument("--second-factor", action="store_true", help="remove the phone and the recovery codes")
        parser.add_argument("--lockout", action="store_true", help="forget the failed attempts, at every address")
        parser.add_argument("--password", action="store_true", help="make a new password, which is shown once")
        super().add_arguments(parser)

    def report(self, **options: Any) -> dict[str, Any]:
        """Reset, and return how things are now."""
        user = User.objects.filter(username=options["username"]).first()
        if user is None:
            raise ValidationError("There is no user of this name. Capitals matter.", code="user_not_found")
        asked = {part: options[part] for part in ("second_factor", "lockout", "password")}
        made = reset(user, self.change(options), **asked)
        return state(user) | ({"new_password": made} if made else {})
