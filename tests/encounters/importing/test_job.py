"""What an import finds of its source."""

import pytest
from django.utils import timezone

from encounters.importing.job import Job
from encounters.models import RecordClass, SourceRecord
from tests.factories import OrganizationFactory

pytestmark = pytest.mark.django_db


def tombstone(organization, source_id, source="ehr", resource_type="Patient"):
    now = timezone.now()
    return SourceRecord.objects.create(
        organization=organization,
        source=source,
        resource_type=resource_type,
        source_id=source_id,
        as_of=now,
        withdrawn_at=now,
    )


@pytest.mark.parametrize(("wanted", "found"), [({"a", "b", "x"}, ["a", "b"]), (["ä\"',"], ["ä\"',"]), ([], [])])
def test_the_records_with_these_ids_of_one_type_source_and_organization(wanted, found):
    organization, other = OrganizationFactory.create_batch(2)
    for source_id in ("a", "b", "c", "ä\"',"):
        tombstone(organization, source_id)
    tombstone(organization, "a", source="other")
    tombstone(organization, "a", resource_type="Encounter")
    tombstone(other, "a")
    records = Job(organization, "ehr", RecordClass.CLINICAL).records("Patient", wanted)
    assert [(each.organization, each.source, each.resource_type) for each in records] == [
        (organization, "ehr", "Patient") for _ in found
    ]
    assert sorted(each.source_id for each in records) == found
