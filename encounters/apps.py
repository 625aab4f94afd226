"""The application `encounters`."""

from django.apps import AppConfig

from partners import subjects
from partners.subjects import Subject


class EncountersConfig(AppConfig):
    """Clinical encounters: what partners read."""

    name = "encounters"
    verbose_name = "Clinical records"

    def ready(self) -> None:
        """Register the system checks, and let the ledger name what it holds by primary key."""
        from encounters import checks  # noqa: F401
        from encounters.models import Document, Encounter, Patient

        subjects.register(Subject.ENCOUNTER, Encounter)
        subjects.register(Subject.PATIENT, Patient)
        subjects.register(Subject.DOCUMENT, Document)
