"""The application `partners`."""

from typing import Any

from django.apps import AppConfig
from django.db import connections
from django.db.models.signals import post_migrate


class PartnersConfig(AppConfig):
    """Access management. After each migration the database is brought in line with the catalogues in code."""

    name = "partners"
    verbose_name = "Partner access"

    def ready(self) -> None:
        """Register the system checks and the step that follows each migration."""
        from partners import checks  # noqa: F401
        from partners.models import triggers
        from partners.triggers import definitions, times

        definitions.register(triggers.SET)
        definitions.register(times.SET)
        post_migrate.connect(keep_in_step, sender=self)


def keep_in_step(sender: AppConfig, using: str, **kwargs: Any) -> None:
    """Mirror the scopes, create the switch's row, install the triggers and make the partitions of the next months."""
    from partners.models import ApiKeySwitch, Scope, triggers
    from partners.partitions import making
    from partners.triggers import installing, times

    tables = set(connections[using].introspection.table_names())
    if {Scope._meta.db_table, ApiKeySwitch._meta.db_table} <= tables:
        Scope.mirror_catalogue(using)
        ApiKeySwitch.objects.using(using).get_or_create(id=1)
        installing.ensure(connections[using], triggers.SET)
        installing.ensure(connections[using], times.SET)
        making.ahead(connections[using])
