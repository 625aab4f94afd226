"""Home tells Security that rows wait to be sealed, or that a verification found a fault."""

from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from partners.models import RequestRecord, Seal, Verification
from partners.seals import attention
from tests.factories import CHANGE
from tests.partners.support.command_line import refused, run
from tests.partners.support.sealed import (
    FIRST,
    as_owner,
    change,
    explanation_in_place,
    later,
    request,
    run_sql,
    sealed_record,
)

pytestmark = pytest.mark.django_db
WAIT, TOUCHED = "are not sealed.", "The record is not what was sealed."


@pytest.fixture
def sealed():
    return sealed_record()


def an_hour_later(monkeypatch) -> None:
    later_on = timezone.now() + timedelta(hours=1)
    monkeypatch.setattr(attention.timezone, "now", lambda: later_on)


def test_nothing_is_said_while_the_record_is_sealed(sealed):
    assert not attention.problems()


def test_nothing_is_said_while_nothing_is_new(sealed, monkeypatch):
    an_hour_later(monkeypatch)
    assert not attention.problems()


def test_rows_that_wait_for_long_are_told(sealed, monkeypatch):
    row = request(sealed.key, 5 * FIRST, later(minutes=-30))
    assert attention.problems().waiting_since is None
    an_hour_later(monkeypatch)
    assert attention.problems().waiting_since == row.occurred_at


def test_rows_of_one_table_that_wait_are_told_although_another_table_is_sealed(sealed, monkeypatch):
    row = request(sealed.key, 5 * FIRST, later(minutes=-30))
    as_owner(lambda: Seal.objects.filter(number=6).update(sealed_at=later(hours=1)))
    an_hour_later(monkeypatch)
    assert attention.problems().waiting_since == row.occurred_at


def test_a_record_that_was_never_sealed_is_told_outside_development(key, settings):
    row = request(key, 5000, later(minutes=-30))
    assert not attention.problems()
    settings.DEVELOPMENT = False
    assert attention.problems().waiting_since == row.occurred_at


def test_a_fault_is_told_until_a_verification_finds_none(sealed):
    run("verify_records")
    assert not attention.problems()
    as_owner(lambda: RequestRecord.objects.filter(pk=FIRST).update(count=9))
    refused("verify_records")
    assert attention.problems().failed == Verification.objects.first()
    as_owner(lambda: RequestRecord.objects.filter(pk=FIRST).update(count=1))
    run("verify_records")
    assert not attention.problems()


def alter_and_explain(pk: int, *options: str) -> None:
    """Alter a row, find that by a verification, and explain it."""
    as_owner(lambda: RequestRecord.objects.filter(pk=pk).update(count=9))
    refused("verify_records", *options)
    attention.problems().failed.explain(CHANGE)
    explanation_in_place()


def test_a_fault_is_told_until_it_is_explained(sealed):
    alter_and_explain(FIRST)
    assert not attention.problems()
    run("verify_records")
    assert not attention.problems()
    as_owner(lambda: RequestRecord.objects.filter(pk=FIRST + 10).update(count=9))
    refused("verify_records")
    assert attention.problems().failed.first_faults[0]["number"] == 2


def test_an_explained_row_that_is_altered_again_is_told(sealed):
    alter_and_explain(FIRST)
    as_owner(lambda: RequestRecord.objects.filter(pk=FIRST).update(count=8))
    refused("verify_records")


def test_an_explanation_ends_with_the_faults(sealed):
    alter_and_explain(FIRST)
    as_owner(lambda: RequestRecord.objects.filter(pk=FIRST).update(count=1))
    run("verify_records")
    as_owner(lambda: RequestRecord.objects.filter(pk=FIRST).update(count=9))
    refused("verify_records")


def test_what_can_be_put_right_can_not_be_explained(sealed):
    as_owner(lambda: Seal.objects.all().delete())
    refused("verify_records")
    assert attention.problems().failed.digest == ""


def test_an_explained_fault_of_a_part_hides_no_other(sealed):
    alter_and_explain(FIRST + 60, "--from-seal", "3")
    as_owner(lambda: RequestRecord.objects.filter(pk=FIRST).update(count=9))
    refused("verify_records")
    run("verify_records", "--from-seal", "3")
    assert attention.problems().failed.first_seal == 1


def test_a_verification_that_began_later_does_not_take_back_a_fault(sealed):
    as_owner(lambda: RequestRecord.objects.filter(pk=FIRST).update(count=9))
    refused("verify_records")
    run("verify_records", "--from-seal", "3")
    assert attention.problems().failed.first_seal == 1
    as_owner(lambda: RequestRecord.objects.filter(pk=FIRST).update(count=1))
    run("verify_records")
    as_owner(lambda: Seal.objects.filter(number=6).update(key_number=7))
    refused("verify_records", "--from-seal", "3")
    assert attention.problems().failed.first_seal == 3


@pytest.mark.postgresql
def test_a_last_seal_whose_time_is_damaged_counts_as_none(sealed, settings):
    settings.DEVELOPMENT = False
    waiting = request(sealed.key, 5 * FIRST, later(minutes=-30))
    for damaged in ["infinity"] if connection.vendor == "postgresql" else ["yesterday", 7]:
        as_owner(lambda damaged=damaged: run_sql("UPDATE partners_seal SET sealed_at = %s WHERE number = 6", damaged))
        assert attention.problems().waiting_since == waiting.occurred_at


@pytest.mark.postgresql
def test_a_row_whose_time_is_damaged_hides_no_other_table(sealed, monkeypatch):
    damaged = "infinity" if connection.vendor == "postgresql" else "yesterday"
    change(5 * FIRST)
    as_owner(lambda: run_sql("UPDATE partners_changeevent SET occurred_at = %s WHERE id = %s", damaged, 5 * FIRST))
    waiting = request(sealed.key, 5 * FIRST, later(minutes=-30))
    an_hour_later(monkeypatch)
    assert attention.problems().waiting_since == waiting.occurred_at


@pytest.mark.skipif(connection.vendor == "postgresql", reason="PostgreSQL holds only numbers there")
def test_seals_that_end_with_a_text_do_not_count(sealed, settings, monkeypatch):
    waiting = request(sealed.key, 5 * FIRST, later(minutes=-30))
    as_owner(lambda: run_sql("UPDATE partners_seal SET last_id = 'x' WHERE number = 3"))
    an_hour_later(monkeypatch)
    assert attention.problems().waiting_since == waiting.occurred_at


def test_home_tells_security_and_nobody_else(sealed, security, support, monkeypatch):
    assert "Integrity of the record" not in security.get("/admin/").text
    request(sealed.key, 5 * FIRST, later(minutes=-30))
    as_owner(lambda: RequestRecord.objects.filter(pk=FIRST).update(count=9))
    refused("verify_records")
    monkeypatch.setattr(attention, "LATE", timedelta(seconds=-1))  # the last seal is of this moment
    text = security.get("/admin/").text
    assert WAIT in text
    assert TOUCHED in text
    assert f"requests: row {FIRST} was altered" in text
    assert "Integrity of the record" not in support.get("/admin/").text
