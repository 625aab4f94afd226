"""Stored totals, and the same totals from counting the encounters."""

from django.db import connection

from encounters.models import Encounter, EncounterCount
from encounters.totals import drift, sums
from partners.models import Organization
from partners.statements import Statement
from tests.factories import START

KIND = {"encounter_type": "ambient", "status": "completed", "record_class": "clinical"}
COLUMNS = "public_id, organization_id, encounter_type, status, record_class, service_provider, created_at, updated_at"


def encounter(organization, created_at=START, **values):
    """Return an encounter that is not stored yet."""
    return Encounter(organization=organization, created_at=created_at, updated_at=START, **KIND | values)


def store(organization, number=1, created_at=START, **values):
    return Encounter.objects.bulk_create([encounter(organization, created_at, **values) for _ in range(number)])


def kept(organization, start=None, end=None):
    """Return the stored total."""
    bounds = tuple(name for name, bound in (("start", start), ("end", end)) if bound is not None)
    return Statement(f"SELECT {sums.sql(bounds)}").rows(*sums.parameters(organization.pk, start, end))[0][0]


def true(organization, start=None, end=None):
    """Return the total from counting the encounters."""
    bounds = {"created_at__gte": start, "created_at__lt": end}
    given = {name: bound for name, bound in bounds.items() if bound is not None}
    return Encounter.objects.filter(
        organization=organization, record_class="clinical", withdrawn_at=None, restricted_at=None, **given
    ).count()


def wrong():
    """Return every bucket whose stored count is wrong."""
    return [
        count
        for organization in Organization.objects.all()
        for month in drift.months(organization.pk)
        for count in drift.compared(organization.pk, month)
        if count.kept != count.true
    ]


def slots():
    return sorted(EncounterCount.objects.values_list("slot", flat=True).distinct())


def execute(sql, parameters=None):
    """Execute one statement and return its rows."""
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        return cursor.fetchall() if cursor.description else []
