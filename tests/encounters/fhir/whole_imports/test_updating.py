"""Updating many rows at once."""

from datetime import UTC, datetime

import pytest
from django.db import DataError, connection, transaction

from encounters.importing.writing.updating import update
from encounters.models import Document, Patient
from tests.factories import DocumentFactory, OrganizationFactory

pytestmark = pytest.mark.django_db
MOMENT = datetime(2026, 5, 25, 14, tzinfo=UTC)
TURNS = [{"speaker": "Doctor", "start": 0.0, "end": 2.5, "text": "Ü “{}” \\ \x7f"}]


def patients(number):
    organization = OrganizationFactory()
    return Patient.objects.bulk_create([Patient(organization=organization, first_name="Ina") for _ in range(number)])


def test_each_row_gets_its_own_values_and_other_rows_none():
    first, second, other = patients(3)
    first.first_name, second.first_name, second.date_of_birth = "Uta", None, MOMENT.date()
    update(Patient, [first, second], ["first_name", "date_of_birth"])
    values = dict(Patient.objects.values_list("pk", "first_name"))
    assert values == {first.pk: "Uta", second.pk: None, other.pk: "Ina"}
    assert Patient.objects.get(pk=second.pk).date_of_birth == MOMENT.date()


def test_no_other_field_is_written():
    (row,) = patients(1)
    row.first_name, row.last_name = "Uta", "Example"
    update(Patient, [row], ["last_name"])
    assert Patient.objects.values_list("first_name", "last_name").get() == ("Ina", "Example")


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("turns", TURNS),
        ("turns", []),
        ("turns", None),
        ("audio_duration_seconds", 4.25),
        ("withdrawn_at", MOMENT),
        ("content", "{a,b}\n\\N NULL"),
    ],
)
def test_a_value_of_any_kind_is_read_back_unchanged_next_to_null(field, value):
    documents = [DocumentFactory(**{field: None}) for _ in range(2)]
    setattr(documents[0], field, value)
    update(Document, documents, [field])
    assert [getattr(Document.objects.get(pk=row.pk), field) for row in documents] == [value, None]


@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite takes text of any length")
def test_a_value_that_is_too_long_is_refused_and_not_cut():
    row = DocumentFactory()
    row.workflow_variant = "x" * 65
    with pytest.raises(DataError), transaction.atomic():
        update(Document, [row], ["workflow_variant"])


@pytest.mark.postgresql
@pytest.mark.parametrize("number", [0, 1, 600])
def test_any_number_of_rows_takes_one_statement(django_assert_num_queries, number):
    rows = patients(number)
    with django_assert_num_queries(min(number, 1)):
        update(Patient, rows, ["first_name", "last_name"])
