"""Statements written by hand take and give the same values on both databases."""

from datetime import UTC, datetime

import pytest
from django.db import DataError, connection

from chartero.postgresql import plans
from partners.models import ApiKeySwitch, UnkeyedCount
from partners.statements import Statement

pytestmark = pytest.mark.django_db
MINUTE = datetime(2026, 5, 25, 14, 3, tzinfo=UTC)
INSERT = Statement(
    "INSERT INTO partners_unkeyedcount (minute, source, reason_code, public_part, count) VALUES (%s, %s, %s, %s, %s)"
)
SELECT = Statement("SELECT source, reason_code, count FROM partners_unkeyedcount WHERE minute = %s AND source = %s")


@pytest.fixture(autouse=True, params=["of a call", "of a page"])
def kind_of_work(request):
    """Run each test as a call of the API and as a page."""
    if request.param == "of a page":
        yield
        return
    with plans.made_once():
        yield


def test_a_statement_returns_the_rows_it_finds_and_the_number_it_changes():
    assert INSERT.execute(MINUTE, "198.51.100.7", "Größe 漢", "", 12) == 1
    assert SELECT.rows(MINUTE, "198.51.100.7") == [("198.51.100.7", "Größe 漢", 12)]
    assert SELECT.rows(MINUTE, "198.51.100.8") == []
    assert Statement("UPDATE partners_unkeyedcount SET count = %s WHERE source = %s").execute(1, "nowhere") == 0
    assert UnkeyedCount.objects.get().minute == MINUTE


def test_the_columns_of_every_type_that_a_call_reads():
    switch, text, null, raw = Statement(
        "SELECT enabled, 'it''s 100%%', NULL, %s FROM partners_apikeyswitch WHERE id = %s"
    ).rows("x", ApiKeySwitch.objects.get().pk)[0]
    assert (bool(switch), text, null, raw) == (True, "it's 100%", None, "x")


def test_a_text_with_a_nul_is_never_cut():
    if connection.vendor == "sqlite":
        assert SELECT.rows(MINUTE, "198\0") == []
        return
    with pytest.raises(DataError):
        SELECT.rows(MINUTE, "198\0.51")
