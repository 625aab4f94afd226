"""The application `encounters`."""

from typing import Any

from django.apps import AppConfig
from django.db import connections
from django.db.models.signals import post_migrate

from partners.record import subjects
from partners.record.subjects import Subject


class EncountersConfig(AppConfig):
    """Clinical encounters: what partners read; after each migration their counts are kept."""

    name = "encounters"
    verbose_name = "Clinical records"

    def ready(self) -> None:
        """Register the system checks, let the ledger name what it holds by primary key, keep the counts."""
        from encounters import checks  # noqa: F401
        from encounters.models import Document, Encounter, Patient

        subjects.register(Subject.ENCOUNTER, Encounter)
        subjects.register(Subject.PATIENT, Patient)
        subjects.register(Subject.DOCUMENT, Document)
        post_migrate.connect(keep_counts, sender=self)


def keep_counts(sender: AppConfig, using: str, **kwargs: Any) -> None:
    """See to it that the triggers are there, once the tables are."""
    from encounters.totals import counting

    tables = {sender.get_model(name)._meta.db_table for name in ("Encounter", "EncounterCount")}
    if tables <= set(connections[using].introspection.table_names()):
        counting.ensure(connections[using])
