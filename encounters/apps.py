"""The application `encounters`."""

from typing import Any

from django.apps import AppConfig
from django.db import connections
from django.db.models.signals import post_migrate

from partners.record import subjects
from partners.record.subjects import Subject


class EncountersConfig(AppConfig):
    """The clinical data that partners read. After each migration, the triggers of the counts are installed."""

    name = "encounters"
    verbose_name = "Clinical records"

    def ready(self) -> None:
        """Register the system checks, what `partners` shows of the data, and the triggers of the counts."""
        from encounters import checks, volume  # noqa: F401
        from encounters.models import Document, Encounter, Patient
        from partners.review import data_volume

        subjects.register(Subject.ENCOUNTER, Encounter)
        subjects.register(Subject.PATIENT, Patient)
        subjects.register(Subject.DOCUMENT, Document)
        data_volume.register(volume.of_organization)
        post_migrate.connect(keep_counts, sender=self)


def keep_counts(sender: AppConfig, using: str, **kwargs: Any) -> None:
    """Install the triggers once the tables exist."""
    from encounters.totals import counting

    tables = {sender.get_model(name)._meta.db_table for name in ("Encounter", "EncounterCount")}
    if tables <= set(connections[using].introspection.table_names()):
        counting.ensure(connections[using])
