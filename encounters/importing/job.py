"""What an operator asks of one import."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import QuerySet

from encounters.models import RecordClass, SourceRecord
from partners.models import Organization


@dataclass(frozen=True, slots=True)
class Job:
    """Whose records come in, from which source, as what, and how old the export is if it tells."""

    organization: Organization
    source: str
    record_class: RecordClass
    service_dates: bool = False  # created_at is when the encounter took place, and not when it was imported
    transaction_time: datetime | None = None

    def records(self, resource_type: str) -> QuerySet[SourceRecord]:
        """Return what is known of this source's resources of a type."""
        return SourceRecord.objects.filter(
            organization=self.organization, source=self.source, resource_type=resource_type
        )

    def servers(self) -> set[str]:
        """Return the servers from which this source's resources have come so far, two of them at most."""
        told = SourceRecord.objects.filter(organization=self.organization, source=self.source, server__isnull=False)
        return {str(server) for server in told.order_by().values_list("server", flat=True).distinct()[:2]}

    def lock(self) -> None:
        """Let no other import into the same organization write until this transaction ends.

        PostgreSQL needs the lock; on SQLite the transaction itself is one.
        """
        Organization.objects.select_for_update(no_key=True).get(pk=self.organization.pk)

    def class_for(self, *, labelled_test: bool) -> RecordClass:
        """Return the record class: what is labelled as test data is never clinical."""
        is_refused = labelled_test and self.record_class is RecordClass.CLINICAL
        return RecordClass.TRAINING if is_refused else self.record_class
