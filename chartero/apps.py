"""The Django apps of the project itself, and of its admin."""

import threading
from typing import Any

from django.apps import AppConfig, apps
from django.contrib.admin import apps as admin_apps
from django.db import connections
from django.db.models.signals import post_migrate


class CharteroConfig(AppConfig):
    """The project: settings, URLs, system checks, and the roles of staff."""

    name = "chartero"
    default = True

    def ready(self) -> None:
        """Register the system checks, keep the groups in sync with the roles, and find connections faster."""
        from chartero import checks  # noqa: F401

        # Each thread has its own connections. A dozen times a call, Django would first look for an event loop.
        connections._connections = threading.local()  # type: ignore[attr-defined]
        # The migrations of `auth` run after ours. When they are done, all our permissions exist.
        post_migrate.connect(keep_roles, sender=apps.get_app_config("auth"))


class PartnerAdminConfig(admin_apps.AdminConfig):
    """Django's admin, with our own site."""

    default = False
    default_site = "chartero.site.PartnerSite"


def keep_roles(sender: AppConfig, using: str, **kwargs: Any) -> None:
    """Mirror the roles as groups after a migration."""
    from chartero.roles import mirror_roles

    # `migrate partners` alone migrates `auth` too, but not everything that the permissions are about.
    models = (sender.get_model("Group"), apps.get_model("encounters", "Encounter"))
    if {model._meta.db_table for model in models} <= set(connections[using].introspection.table_names()):
        mirror_roles(using)
