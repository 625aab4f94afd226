"""The applications of the deployment itself: the whole, and the admin."""

from typing import Any

from django.apps import AppConfig, apps
from django.contrib.admin import apps as admin_apps
from django.db import connections
from django.db.models.signals import post_migrate


class CharteroConfig(AppConfig):
    """Settings, URLs, the checks of a deployment, and the roles of its staff."""

    name = "chartero"
    default = True

    def ready(self) -> None:
        """Register the system checks and keep the groups in step with the roles."""
        from chartero import checks  # noqa: F401

        # After the migrations of `auth`, which come behind ours, every permission of ours is there.
        post_migrate.connect(keep_roles, sender=apps.get_app_config("auth"))


class PartnerAdminConfig(admin_apps.AdminConfig):
    """Django's admin, with the site of partner access in place of its own."""

    default = False
    default_site = "chartero.site.PartnerSite"


def keep_roles(sender: AppConfig, using: str, **kwargs: Any) -> None:
    """Mirror the roles as groups, once every permission is there."""
    from chartero.roles import mirror_roles

    if sender.get_model("Group")._meta.db_table in connections[using].introspection.table_names():
        mirror_roles(using)
