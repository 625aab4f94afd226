"""What keys read as a CSV file."""

import csv

import pytest

from partners.accounting.periods import Period
from partners.formats.moments import rfc3339
from partners.leaks import reads, sheet
from partners.leaks.sheet import COLUMNS, GONE
from tests.factories import DocumentFactory, issue

pytestmark = pytest.mark.django_db


def rows(*keys) -> list[list[str]]:
    found = reads.of_keys(keys, Period.of())
    header, *lines = csv.reader(sheet.lines(*(found[key.pk] for key in keys)))
    assert header == [*COLUMNS]
    return lines


def test_a_line_tells_of_each_patient_encounter_document_and_network(told):
    document = DocumentFactory(encounter=told.encounter())
    record = told.record(document.encounter, route="documents.detail", document=document.pk)
    owner = [told.organization.name, told.organization.public_id, told.key.label, told.key.quotable]
    rest = [rfc3339(record.occurred_at)] * 2 + ["1"]
    assert rows(told.key) == [
        [*owner, "patient", told.id, *rest],
        [*owner, "encounter", document.encounter.public_id, *rest],
        [*owner, "document", document.public_id, *rest],
        [*owner, "network", "198.51.100.0/24", *rest],
    ]


def test_what_is_gone_is_counted_and_a_key_may_belong_to_nobody(told):
    encounter, key = told.encounter(), issue(None)[0]
    told.record(encounter, api_key=key)
    encounter.delete()
    assert [(row[:2], row[4:6]) for row in rows(key)][1] == (["", ""], ["encounter", GONE])


def test_a_file_tells_of_several_keys(told):
    keys = [told.key, issue(told.organization, label="The other")[0]]
    for key in keys:
        told.record(told.encounter(), api_key=key)
    assert {row[2] for row in rows(*keys)} == {key.label for key in keys}
