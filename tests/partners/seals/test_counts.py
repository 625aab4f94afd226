"""The counts of answers without a known key are sealed, verified and proved like every other part of the record."""

import json
from datetime import datetime

import pytest
from django.utils import timezone

from partners.models import Seal, UnkeyedCount
from partners.record import retention
from partners.seals import sealing, verifying
from tests.factories import CHANGE
from tests.partners.support.command_line import run_json
from tests.partners.support.sealed import FIRST, as_owner, later

pytestmark = pytest.mark.django_db


def counted(pk: int, minute: datetime | None = None) -> UnkeyedCount:
    at = (minute or timezone.now()).replace(second=0, microsecond=0)
    return UnkeyedCount.objects.create(
        id=pk, minute=at, source="198.51.100.7", reason_code="invalid_key", public_part="aB3", count=3
    )


def faults() -> set[tuple[str, int | None]]:
    return {(each.kind.code, each.row) for each in verifying.verify().first.values() if each.table == "counts"}


@pytest.fixture
def sealed():
    """Seal twice, so that the second seal knows when the first was made."""
    for pk in (FIRST, FIRST + 1):
        counted(pk)
        assert sealing.seal()["counts"] == 1


def test_a_count_that_nobody_touched_is_what_was_sealed(sealed):
    assert faults() == set()


@pytest.mark.parametrize(
    "values", [{"count": 2}, {"source": ""}, {"reason_code": "missing_bearer"}, {"public_part": "aB4"}]
)
def test_a_count_that_was_altered_is_found(sealed, values):
    as_owner(lambda: UnkeyedCount.objects.filter(pk=FIRST).update(**values))
    assert faults() == {("altered", FIRST)}


def test_a_count_that_was_removed_or_inserted_is_found(sealed):
    as_owner(lambda: UnkeyedCount.objects.filter(pk=FIRST).delete())
    counted(FIRST - 1)
    assert faults() == {("removed", FIRST), ("inserted", FIRST - 1)}


def test_a_count_may_wait_for_the_database_for_a_day(sealed):
    counted(FIRST + 2, later(hours=-23))
    assert faults() == set()
    counted(FIRST + 3, later(hours=-25))
    assert faults() == {("time", FIRST + 3)}


def test_counts_that_were_pruned_are_no_fault():
    counted(FIRST, later(days=-7 * 366))
    sealing.seal()
    pruning = retention.Pruning(6, 100)
    pruning.run(CHANGE)
    assert pruning.numbers["unkeyed_counts"] == 1
    assert faults() == set()


def test_a_proof_has_the_counts_that_were_written_a_day_after_their_minute(sealed, tmp_path):
    for number, at in enumerate(("2026-05-02T01:00Z", "2026-05-03T01:00Z"), 1):
        as_owner(lambda number=number, at=at: Seal.objects.filter(number=number).update(sealed_at=at))
    period = ["--from", "2026-05-01", "--to", "2026-05-01", "--reason", "an audit", "--table", "counts"]
    assert run_json("export_proof", str(tmp_path / "proof"), *period)["rows"] == 2


def test_counts_are_proved(sealed, tmp_path):
    folder = tmp_path / "proof"
    written = run_json("export_proof", str(folder), "--reason", "an audit", "--table", "counts")
    assert (written["seals"], written["rows"]) == (2, 2)
    texts = json.loads((folder / "rows.jsonl").read_text().splitlines()[0])["texts"]
    assert (texts[0], texts[2:]) == (str(FIRST), ["198.51.100.7", "invalid_key", "aB3", "3"])
