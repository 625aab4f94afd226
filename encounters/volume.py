"""How much data an organization has, equally fast at any size."""

from django.db import connection
from django.db.models import BooleanField, QuerySet
from django.db.models.expressions import RawSQL

from encounters.models import Encounter, Patient, RecordClass
from encounters.totals import sums
from encounters.totals.buckets import SERVED
from partners.models import Organization
from partners.review.data_volume import Count, DataVolume

# Spelled like the condition of the index `encounter_withheld`, so that both databases can use it.
WITHHELD = "record_class IN ('demo', 'training') AND withdrawn_at IS NULL"
# Like that of the index `encounter_restricted`.
RESTRICTED = "restricted_at IS NOT NULL"


def of_organization(organization: Organization) -> DataVolume:
    """Return the number of served encounters from the kept counts, and count the others up to a limit."""
    encounters = Encounter.objects.for_organization(organization)
    withheld = _where(encounters, WITHHELD)
    newest = _where(encounters, SERVED).order_by("-created_at", "-public_id").values_list("created_at", flat=True)
    return DataVolume(
        served=_served(organization),
        newest=newest.first(),
        demo=Count.of(withheld.filter(record_class=RecordClass.DEMO)),
        training=Count.of(withheld.filter(record_class=RecordClass.TRAINING)),
        restricted=Count.of(_where(encounters, RESTRICTED)),
        patients=Count.of(Patient.objects.filter(organization=organization, withdrawn_at=None)),
    )


def _served(organization: Organization) -> int:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {sums.sql(())}", sums.parameters(organization.pk, None, None))
        return int(cursor.fetchone()[0])


def _where(encounters: QuerySet[Encounter], condition: str) -> QuerySet[Encounter]:
    """Filter by a condition without parameters: with parameters, PostgreSQL doesn't see that a partial index fits."""
    return encounters.filter(RawSQL(condition, (), BooleanField()))  # noqa: S611 – a constant of ours
