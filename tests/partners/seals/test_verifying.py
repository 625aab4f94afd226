"""A verification may begin with any seal, says how far it is, and how much is not sealed yet."""

import pytest
from django.db import connection

from partners.models import RequestRecord, Seal
from partners.models import seal as seals
from partners.seals import sealing, verifying
from partners.seals.faults import Kind
from tests.partners.support.sealed import FIRST, STEP, as_owner, change, later, request, run_sql, sealed_record

pytestmark = pytest.mark.django_db


@pytest.fixture
def sealed():
    return sealed_record()


def first(findings) -> list[str]:
    return [str(fault) for fault in findings.first.values()]


def test_the_numbers_of_a_verification(sealed):
    request(sealed.key, 2 * FIRST)
    findings = verifying.verify()
    assert (findings.seals, findings.last_seal, findings.unsealed) == (6, 6, 1)
    assert findings.rows == 18 + 2  # the organization and the key are changes too


@pytest.mark.parametrize("start", [1, 2, 3, 4, 6, 7])
def test_a_verification_that_begins_later_finds_no_fault_in_what_is_sound(sealed, start):
    findings = verifying.verify(start)
    assert (first(findings), findings.seals) == ([], 7 - start)


def test_a_verification_that_begins_later_leaves_out_what_was_before(sealed):
    as_owner(lambda: RequestRecord.objects.filter(pk=FIRST).update(count=9))
    assert first(verifying.verify(3)) == []
    as_owner(lambda: RequestRecord.objects.filter(pk=FIRST + 3 * STEP).update(count=9))
    assert first(verifying.verify(3)) == [f"requests: row {FIRST + 3 * STEP} was altered"]


def test_a_verification_that_begins_later_knows_when_everything_was_sealed(sealed):
    as_owner(lambda: request(sealed.key, 2 * FIRST, later(days=-3)))
    assert first(verifying.verify(7)) == [
        f"requests: row {2 * FIRST} has a time that is not the time at which it was written",
    ]


def test_after_a_full_seal_nobody_knows_whether_everything_was_sealed(sealed, monkeypatch):
    monkeypatch.setattr(seals, "FULL", 1)
    request(sealed.key, 2 * FIRST, later(days=-3))
    assert first(verifying.verify()) == []


@pytest.mark.skipif(connection.vendor == "postgresql", reason="PostgreSQL holds only times there")
def test_a_verification_may_begin_after_a_seal_that_cannot_be_read(sealed):
    as_owner(lambda: run_sql("UPDATE partners_seal SET sealed_at = 7 WHERE number IN (2, 3)"))
    assert first(verifying.verify(4)) == ["seals: seal 4 was altered"]


def test_the_first_fault_of_each_kind_is_named_and_all_are_counted(sealed):
    as_owner(lambda: RequestRecord.objects.filter(pk__gt=FIRST).update(count=9))
    findings = verifying.verify()
    assert first(findings) == [f"requests: row {FIRST + STEP} was altered"]
    assert findings.numbers == {("requests", Kind.ROW_ALTERED): 8}


def test_progress_is_told_of_each_seal(sealed):
    told = []
    verifying.verify(2, progress=lambda seal: told.append(seal.number))
    assert told == [2, 3, 4, 5, 6]


def test_numbers_are_read_in_pages(sealed, monkeypatch):
    monkeypatch.setattr(verifying, "PAGE", 2)
    assert verifying.verify().seals == 6


def test_what_is_sealed_during_a_verification_is_no_fault(sealed, monkeypatch):
    """Each table is read once, to its end, so what is sealed later isn't among the rows any more."""

    def seal_more(seal):
        if seal.number == 6:
            change(2 * FIRST), request(sealed.key, 2 * FIRST)
            sealing.seal()

    monkeypatch.setattr(verifying, "PAGE", 1)
    findings = verifying.verify(progress=seal_more)
    assert (first(findings), findings.seals) == ([], 6)
    assert verifying.verify().seals == 8


def test_a_seal_is_named_by_its_number(sealed):
    assert str(Seal.objects.newest()) == "seal 6"
