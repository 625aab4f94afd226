"""`manage.py migrate`: Django's command, which runs although the database is not as the checks want it."""

from typing import Any

from django.core.management.commands import migrate


class Command(migrate.Command):
    """Update the tables, scopes, roles and triggers of the database."""

    def get_check_kwargs(self, options: dict[str, Any]) -> Any:
        """Check the configuration only: what the checks find in the database, this command restores."""
        return {"databases": []}
