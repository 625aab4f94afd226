"""The app of the clinical data."""

from typing import Any

from django.apps import AppConfig
from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models.signals import post_migrate, pre_migrate

from partners.record import subjects
from partners.record.subjects import Subject

# The migrations that make what the triggers of other tables name. They can be undone only without these triggers.
_NAMED_BY_RESTRICTIONS = {("encounters", "0008_restrictions")}
_NAMED_BY_COUNTS = _NAMED_BY_RESTRICTIONS
_NAMED_BY_CHANGES = {("encounters", "0007_encounter_changes"), *_NAMED_BY_RESTRICTIONS}
_NAMED_BY_READY = {
    *(("encounters", "0006_ready_transcripts"), ("partners", "0020_webhooks")),
    *_NAMED_BY_RESTRICTIONS,
}


class EncountersConfig(AppConfig):
    """The clinical data that partners read. After each migration, the triggers of counts and changes are installed."""

    name = "encounters"
    verbose_name = "Clinical records"

    def ready(self) -> None:
        """Register the system checks, what `partners` shows, prunes and sends of the data, and the triggers."""
        from encounters import checks, restricting, volume, webhooks  # noqa: F401
        from encounters.changes import pruning
        from encounters.changes import triggers as changes
        from encounters.models import Document, Encounter, Patient
        from encounters.ready import triggers as ready
        from encounters.restrictions import triggers as restrictions
        from encounters.totals import triggers as totals
        from partners.record import retention
        from partners.review import data_volume
        from partners.triggers import definitions
        from partners.webhooks import sources

        subjects.register(Subject.ENCOUNTER, Encounter)
        subjects.register(Subject.PATIENT, Patient)
        subjects.register(Subject.DOCUMENT, Document)
        subjects.register_restrictions(restricting.of_patient)
        data_volume.register(volume.of_organization)
        sources.register(webhooks.ReadyTranscripts())
        told = f"changes of encounters after {pruning.KEPT.days} days"
        retention.register("encounter_changes", retention.ShortLived(pruning.due, pruning.prune, told))
        definitions.register(totals.SET)
        definitions.register(changes.SET)
        definitions.register(ready.SET)
        definitions.register(restrictions.SET)
        pre_migrate.connect(make_way, sender=self)
        post_migrate.connect(keep_counts, sender=self)
        post_migrate.connect(keep_changes, sender=self)
        post_migrate.connect(keep_noting, sender=self)
        post_migrate.connect(keep_restrictions, sender=self)


def make_way(sender: AppConfig, using: str, plan: Any, **kwargs: Any) -> None:
    """Before SQLite rebuilds a table, or a table goes, remove all triggers of other tables that name it."""
    from encounters.changes import triggers as changes
    from encounters.ready import triggers as ready
    from encounters.restrictions import triggers as restrictions
    from encounters.totals import triggers as totals
    from partners.triggers import installing

    connection = connections[using]
    undone = {(migration.app_label, migration.name) for migration, backwards in plan if backwards}
    named = {
        changes.SET: _NAMED_BY_CHANGES,
        ready.SET: _NAMED_BY_READY,
        restrictions.SET: _NAMED_BY_RESTRICTIONS,
    }
    if undone & _NAMED_BY_COUNTS:
        installing.remove(connection, totals.SET)
    for triggers, migrations in named.items():
        if undone & migrations or (plan and connection.vendor == "sqlite"):
            installing.remove(connection, triggers)


def keep_counts(sender: AppConfig, using: str, **kwargs: Any) -> None:
    """Install the triggers of the counts."""
    from encounters.totals import counting

    if _is_current(sender, using):
        counting.ensure(connections[using])


def keep_changes(sender: AppConfig, using: str, **kwargs: Any) -> None:
    """Install the triggers of the changes, once organizations have the column that they watch, too."""
    from encounters.changes import triggers
    from partners.models import Organization
    from partners.triggers import installing

    connection = connections[using]
    if _is_current(sender, using) and "receives_names" in _columns(connection, Organization._meta.db_table):
        installing.ensure(connection, triggers.SET)


def keep_noting(sender: AppConfig, using: str, **kwargs: Any) -> None:
    """Install the triggers that note ready transcripts, once the table of the endpoints exists, too."""
    from encounters.ready import triggers
    from partners.models import WebhookEndpoint
    from partners.triggers import installing

    if _is_current(sender, using, WebhookEndpoint._meta.db_table):
        installing.ensure(connections[using], triggers.SET)


def keep_restrictions(sender: AppConfig, using: str, **kwargs: Any) -> None:
    """Install the triggers that hold encounters to the restrictions."""
    from encounters.restrictions import triggers
    from partners.triggers import installing

    if _is_current(sender, using):
        installing.ensure(connections[using], triggers.SET)


def _is_current(sender: AppConfig, using: str, *others: str) -> bool:
    """Return True if all columns are there that triggers name: the newest table came with the newest of them."""
    newest = sender.get_model("Restriction")._meta.db_table
    return {newest, *others} <= set(connections[using].introspection.table_names())


def _columns(connection: BaseDatabaseWrapper, table: str) -> set[str]:
    with connection.cursor() as cursor:
        return {column.name for column in connection.introspection.get_table_description(cursor, table)}
