"""What an operator specifies for one import."""

import json
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

from django.db import connection, transaction
from django.db.models import BooleanField, QuerySet
from django.db.models.expressions import RawSQL

from encounters.models import RecordClass, SourceRecord
from partners.management import exclusive
from partners.models import Organization

# All ids are one value. Django takes longer to write a placeholder for each than the database to find them. PostgreSQL
# gets an array, which it hashes where it finds no better plan: without statistics, as in a first import.
_AMONG = {
    "postgresql": '"encounters_sourcerecord".source_id = ANY (%s::text[])',
    "sqlite": '"encounters_sourcerecord".source_id IN (SELECT value FROM json_each(%s))',
}


@dataclass(frozen=True, slots=True)
class Job:
    """The organization, the source and the class of the records, and the time of the export if it is known."""

    organization: Organization
    source: str
    record_class: RecordClass
    service_dates: bool = False  # created_at is the start of the encounter instead of the time of import
    transaction_time: datetime | None = None

    def records(self, resource_type: str, source_ids: Iterable[str]) -> QuerySet[SourceRecord]:
        """Return the records of this source's resources of a type with these ids."""
        ids = list(source_ids)
        value = ids if connection.vendor == "postgresql" else json.dumps(ids)
        among = RawSQL(_AMONG[connection.vendor], [value], BooleanField())  # noqa: S611 – our own statement
        return SourceRecord.objects.filter(
            among, organization=self.organization, source=self.source, resource_type=resource_type
        )

    def servers(self) -> set[str]:
        """Return the servers that this source's resources have come from so far, two at most."""
        told = SourceRecord.objects.filter(organization=self.organization, source=self.source, server__isnull=False)
        return {str(server) for server in told.order_by().values_list("server", flat=True).distinct()[:2]}

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Keep other imports into the same organization out of the block.

        On PostgreSQL, the block is one transaction. On SQLite it isn't, because a transaction blocks all partners'
        calls: the block can read and prepare before it opens one.
        """
        if connection.vendor == "postgresql":
            with transaction.atomic():
                Organization.objects.select_for_update(no_key=True).get(pk=self.organization.pk)
                yield
        elif connection.in_atomic_block:  # nobody else can write anyway
            yield
        else:
            with exclusive.turn(f"import_{self.organization.public_id}"):
                yield

    def class_for(self, *, labelled_test: bool) -> RecordClass:
        """Return the record class of a resource: test data is never clinical."""
        is_refused = labelled_test and self.record_class is RecordClass.CLINICAL
        return RecordClass.TRAINING if is_refused else self.record_class
