"""Texts that are not UTF-8 are read in one block only: elsewhere they stay an error."""

import pytest
from django import db
from django.db import connection

from partners.formats import damaged

DAMAGED = "SELECT CAST(x'61ff' AS TEXT)"


def read(sql: str) -> str:
    with connection.cursor() as cursor:
        cursor.execute(sql)
        return cursor.fetchone()[0]


@pytest.mark.django_db
@pytest.mark.skipif(connection.vendor == "postgresql", reason="PostgreSQL stores no such text")
def test_a_damaged_text_is_read_with_lone_surrogates():
    with damaged.readable():
        assert read(DAMAGED) == "a\udcff"
        assert read("SELECT 'é'") == "é"
    with pytest.raises(db.OperationalError):
        read(DAMAGED)


@pytest.mark.django_db
@pytest.mark.skipif(connection.vendor == "postgresql", reason="PostgreSQL stores no such text")
def test_after_a_failure_a_damaged_text_is_an_error_again():
    with pytest.raises(ZeroDivisionError), damaged.readable():
        raise ZeroDivisionError
    with pytest.raises(db.OperationalError):
        read(DAMAGED)
