"""The application `encounters`."""

from django.apps import AppConfig


class EncountersConfig(AppConfig):
    """Clinical encounters: what partners read."""

    name = "encounters"
    verbose_name = "Clinical records"
