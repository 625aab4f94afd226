"""A column of primary keys, and what an index finds in it."""

import pytest
from django.db import connection

from partners.models import RequestRecord
from tests.factories import RequestRecordFactory

pytestmark = pytest.mark.django_db
LARGEST = 2**63 - 1


@pytest.mark.parametrize("pks", [[], [7], [3, 1, 2], [1, 1], [LARGEST], list(range(1, 101))])
def test_a_list_comes_back_as_it_went_in(key, pks):
    made = RequestRecordFactory(api_key=key, encounters=pks, patients=tuple(pks))
    found = RequestRecord.objects.get(pk=made.pk)
    assert (found.encounters, found.patients) == (pks, pks)
    assert RequestRecord.objects.values_list("encounters", flat=True).get() == pks


def test_rows_are_found_by_one_of_their_keys(key):
    rows = [RequestRecordFactory(api_key=key, patients=pks) for pks in ([1, 23], [23], [2, 3], [123], [])]
    assert {row.pk for row in RequestRecord.objects.filter(patients__holds=23)} == {rows[0].pk, rows[1].pk}
    assert RequestRecord.objects.filter(patients__holds=12).count() == 0
    assert RequestRecord.objects.exclude(patients__holds=23).count() == 3


def test_a_key_found_in_one_column_is_not_looked_for_in_another(key):
    RequestRecordFactory(api_key=key, encounters=[1], patients=[2])
    assert RequestRecord.objects.filter(patients__holds=1).count() == 0
    assert RequestRecord.objects.filter(encounters__holds=1).count() == 1


def test_what_is_looked_for_is_a_value_and_no_sql(key):
    RequestRecordFactory(api_key=key, patients=[1])
    sql, parameters = RequestRecord.objects.filter(patients__holds=4711).query.sql_with_params()
    assert ("4711" in sql, list(parameters)) == (False, [4711])


@pytest.mark.postgresql
def test_postgresql_finds_them_by_its_index(key):
    if connection.vendor != "postgresql":
        pytest.skip("SQLite has no index that looks into a list")
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
    assert "request_record_patients" in RequestRecord.objects.filter(patients__holds=1).order_by().explain()
