"""`manage.py grants`: print the SQL that gives the role of the web service what it needs, and no more."""

import re
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandParser
from django.db import connection

from partners.management.base import refusals
from partners.models import privileges
from partners.partitions.present import partitions

_ROLE = re.compile(r"[A-Za-z_][A-Za-z0-9_$]{0,62}")


class Command(BaseCommand):
    """Print GRANT and REVOKE statements for one role of PostgreSQL, in one transaction."""

    help = (
        "Print the SQL that gives a role of PostgreSQL what the web service and the commands need, and nothing else on "
        "our tables. Run it as the role that owns the tables, after each migrate."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("role", metavar="ROLE", help="the role that DATABASE_URL of the web service names")

    def handle(self, *args: Any, **options: Any) -> None:
        """Print the statements; if the command refuses, print why and exit with code 1."""
        with refusals():
            self.stdout.write("\n".join(_statements(options["role"])))


def _statements(role: str) -> list[str]:
    if connection.vendor != "postgresql":
        raise ValidationError("SQLite has no roles. Name a PostgreSQL database in DATABASE_URL.", code="no_roles")
    if not _ROLE.fullmatch(role):
        raise ValidationError("A role has letters, digits, _ and $ in its name, 63 at most.", code="invalid_role")
    with connection.cursor() as cursor:
        cursor.execute("SELECT quote_ident(current_schema()), current_user")
        schema, user = cursor.fetchone()
    if role == user:
        told = "This role runs the command. Name the role of the web service, which must not own the tables."
        raise ValidationError(told, code="own_role")
    parts = [each.name for each in partitions(connection)]
    return ["BEGIN;", *privileges.statements(connection.ops.quote_name(role), schema, parts), "COMMIT;"]
