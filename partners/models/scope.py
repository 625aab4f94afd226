"""Scopes as rows, so that keys can refer to them by foreign keys. The catalogue in code is authoritative."""

from django.db import models

from partners.catalogue import routes


class Scope(models.Model):
    """One scope of the catalogue. The rows are updated after every migration."""

    name = models.CharField(max_length=64, primary_key=True)
    description = models.CharField(max_length=200)

    class Meta:
        ordering = ["name"]
        default_permissions = ()

    def __str__(self) -> str:
        return self.name

    @staticmethod
    def mirror_catalogue(using: str) -> None:
        """Make the rows equal to the catalogue. A scope that was removed from it keeps its row while a key holds it."""
        rows = [Scope(name=scope.value, description=scope.description) for scope in routes.Scope]
        Scope.objects.using(using).bulk_create(
            rows, update_conflicts=True, unique_fields=["name"], update_fields=["description"]
        )
        Scope.objects.using(using).exclude(name__in=[row.name for row in rows]).filter(api_keys=None).delete()
