"""The canonical form of rows: every column, and the same bytes from either database, for ever."""

from datetime import UTC, datetime
from hashlib import sha256

import pytest

from partners.formats.framing import framed
from partners.models import UnkeyedCount
from partners.models.change import Action
from partners.seals.canonical import rows
from partners.seals.canonical.tables import TABLES
from tests.factories import OrganizationFactory, issue
from tests.partners.support import sealed

AT = datetime(2026, 5, 25, 14, 0, 0, 7, tzinfo=UTC)
SOON = datetime(2026, 5, 25, 14, tzinfo=UTC)


@pytest.mark.parametrize("table", TABLES.values(), ids=TABLES)
def test_the_newest_form_has_every_column(table):
    assert {column.name for column in table.columns(table.form)} == {
        field.column for field in table.model._meta.concrete_fields
    }


@pytest.mark.parametrize("table", TABLES.values(), ids=TABLES)
def test_no_column_is_twice_in_a_form(table):
    for form in table.forms:
        assert len({column.name for column in form}) == len(form)


def one(name: str, pk: int) -> rows.Row:
    (row,) = rows.read(TABLES[name], 1, pk - 1, pk)
    return row


@pytest.mark.django_db
def test_a_request_has_these_texts():
    key, _ = issue(OrganizationFactory(name="Clinique Élan"))
    sealed.request(key, 1000, AT, request_id="req_0000000000000000000000", document=None, new_network=True)
    row = one("requests", 1000)
    assert row.texts == [
        *["1000", "req_0000000000000000000000", "2026-05-25 14:00:00.000007"],
        *[str(key.pk), str(key.organization_id), "GET", "encounters.list", "", "limit=50&offset=0&sort_order=desc"],
        *["200", "", None, "1", "1500", "198.51.100.7", "true", None, "1000", "1001,7", None],
    ]
    assert row.sealed.moment == 1_779_717_600_000_007


@pytest.mark.django_db
def test_a_change_has_the_same_digest_on_every_database():
    facts = {"z": None, "a": [1, 2.5, True, "é\n\\"], "nested": {"b": {}, "a": "𝄞"}}
    sealed.change(1000, SOON, action=Action.COMMENTED, after=facts, ticket="Größe", source="127.0.0.1")
    row = one("changes", 1000)
    assert row.texts[-1] == r'{"a":[1,2.5,true,"\u00e9\n\\"],"nested":{"a":"\ud834\udd1e","b":{}},"z":null}'
    assert row.texts[1] == "2026-05-25 14:00:00.000000"
    assert row.sealed.digest.hex() == "d7962f33ed45d0b1ea8b9161aa9e127104e948033fd673069056da3db23315ba"


@pytest.mark.django_db
def test_a_count_has_the_same_digest_on_every_database():
    UnkeyedCount.objects.create(
        id=1000, minute=SOON, source="198.51.100.7", reason_code="invalid_key", public_part="", count=3
    )
    row = one("counts", 1000)
    assert row.texts == ["1000", "2026-05-25 14:00:00.000000", "198.51.100.7", "invalid_key", "", "3"]
    assert row.sealed.digest == sha256(framed(["counts", "1", *row.texts])).digest()


@pytest.mark.django_db
def test_rows_are_read_in_batches(monkeypatch):
    monkeypatch.setattr(rows, "BATCH", 2)
    for pk in range(1000, 1005):
        sealed.change(pk)
    assert [row.id for row in rows.read(TABLES["changes"], 1, 999, 1003)] == [1000, 1001, 1002, 1003]


@pytest.mark.parametrize(("moment", "microseconds"), [(None, 0), ("whenever", 0), ("1970-01-01 00:00:00.000001", 1)])
def test_what_is_no_time_counts_as_the_oldest(moment, microseconds):
    assert rows.microseconds(moment) == microseconds
