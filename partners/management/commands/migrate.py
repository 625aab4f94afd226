"""`manage.py migrate`: Django's command, which runs although the database is not as the checks want it."""

from typing import Any

from django import db
from django.core.management.base import CommandError
from django.core.management.commands import migrate

from partners.management.base import OWNER_NEEDED, is_forbidden


class Command(migrate.Command):
    """Update the tables, scopes, roles and triggers of the database."""

    def get_check_kwargs(self, options: dict[str, Any]) -> Any:
        """Check the configuration only: what the checks find in the database, this command restores."""
        return {"databases": []}

    def handle(self, *args: Any, **options: Any) -> None:
        """Migrate; a role that doesn't own the tables is told so."""
        try:
            super().handle(*args, **options)
        except db.ProgrammingError as fault:
            if is_forbidden(fault):
                raise CommandError(OWNER_NEEDED) from None
            raise
