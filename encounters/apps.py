"""The application `encounters`."""

from typing import Any

from django.apps import AppConfig
from django.db import connections
from django.db.models.signals import post_migrate, pre_migrate

from partners.record import subjects
from partners.record.subjects import Subject


class EncountersConfig(AppConfig):
    """The clinical data that partners read. After each migration, the triggers of the counts are installed."""

    name = "encounters"
    verbose_name = "Clinical records"

    def ready(self) -> None:
        """Register the system checks, what `partners` shows of the data, and the triggers of the counts."""
        from encounters import checks, volume, webhooks  # noqa: F401
        from encounters.models import Document, Encounter, Patient
        from encounters.ready import triggers as ready
        from encounters.totals import triggers as totals
        from partners.review import data_volume
        from partners.triggers import definitions
        from partners.webhooks import sources

        subjects.register(Subject.ENCOUNTER, Encounter)
        subjects.register(Subject.PATIENT, Patient)
        subjects.register(Subject.DOCUMENT, Document)
        data_volume.register(volume.of_organization)
        sources.register(webhooks.ReadyTranscripts())
        definitions.register(totals.SET)
        definitions.register(ready.SET)
        pre_migrate.connect(make_way, sender=self)
        post_migrate.connect(keep_counts, sender=self)
        post_migrate.connect(keep_noting, sender=self)


def make_way(sender: AppConfig, using: str, plan: Any, **kwargs: Any) -> None:
    """Before SQLite rebuilds a table, remove all triggers of other tables that name it."""
    from encounters.ready import triggers
    from partners.triggers import installing

    if plan and connections[using].vendor == "sqlite":
        installing.remove(connections[using], triggers.SET)


def keep_counts(sender: AppConfig, using: str, **kwargs: Any) -> None:
    """Install the triggers once the tables exist."""
    from encounters.totals import counting

    tables = {sender.get_model(name)._meta.db_table for name in ("Encounter", "EncounterCount")}
    if tables <= set(connections[using].introspection.table_names()):
        counting.ensure(connections[using])


def keep_noting(sender: AppConfig, using: str, **kwargs: Any) -> None:
    """Install the triggers that note ready transcripts, once the tables exist, also that of the endpoints."""
    from encounters.ready import triggers
    from partners.models import WebhookEndpoint
    from partners.triggers import installing

    tables = {sender.get_model(name)._meta.db_table for name in ("Document", "Encounter", "ReadyTranscript")}
    if tables | {WebhookEndpoint._meta.db_table} <= set(connections[using].introspection.table_names()):
        installing.ensure(connections[using], triggers.SET)
