from datetime import UTC, datetime

import pytest

from encounters.importing.codes import Outcome
from encounters.importing.writing.versions import Incoming, Known, fingerprint, is_newer, judge
from tests.factories import START
from tests.moments import NONE, TICK

OLD, MIDDLE, NEW = (datetime(2026, 1, day, tzinfo=UTC) for day in (1, 2, 3))


def known(version=None, as_of=MIDDLE, fingerprint="a", withdrawn=False):
    return Known(version, as_of, fingerprint, withdrawn)


def incoming(version=None, transaction_time=None, fingerprint="b", **flags):
    return Incoming(version, transaction_time, fingerprint, **flags)


@pytest.mark.parametrize(
    ("before", "after", "outcome"),
    [
        (known(MIDDLE), incoming(NEW), Outcome.UPDATED),
        (known(MIDDLE), incoming(NEW, fingerprint="a"), Outcome.UPDATED),
        (known(MIDDLE), incoming(MIDDLE, fingerprint="a"), Outcome.UNCHANGED),
        (known(MIDDLE), incoming(OLD, fingerprint="a"), Outcome.UNCHANGED),
        (known(MIDDLE), incoming(OLD), Outcome.STALE),
        (known(MIDDLE), incoming(MIDDLE), Outcome.CONFLICT_SAME_VERSION),
        (known(OLD), incoming(None, NEW), Outcome.UPDATED),
        (known(), incoming(NEW), Outcome.UPDATED),
        (known(), incoming(OLD), Outcome.CONFLICT_NO_VERSION),
    ],
)
def test_the_newer_last_updated_holds(before, after, outcome):
    assert judge(before, after) is outcome


@pytest.mark.parametrize(
    ("before", "after", "outcome"),
    [
        ("7", "8", Outcome.UPDATED),
        ("7", "75", Outcome.UPDATED),
        ("", "7", Outcome.UPDATED),
        ("8", "7", Outcome.STALE),
        ("7", "", Outcome.STALE),
        ("7", "7", Outcome.CONFLICT_SAME_VERSION),
    ],
)
def test_within_a_microsecond_the_further_digits_decide_which_is_newer(before, after, outcome):
    before, after = fingerprint("a" * 64, before), fingerprint("b" * 64, after)
    assert len(after) <= 64
    assert judge(known(MIDDLE, fingerprint=before), incoming(MIDDLE, fingerprint=after)) is outcome


@pytest.mark.parametrize(("before", "after"), [("7", "7"), ("8", "7"), ("7", ""), ("", "")])
def test_within_a_microsecond_the_same_values_are_the_same(before, after):
    before, after = fingerprint("a" * 64, before), fingerprint("a" * 64, after)
    assert judge(known(MIDDLE, fingerprint=before), incoming(MIDDLE, fingerprint=after)) is Outcome.UNCHANGED


@pytest.mark.parametrize(
    ("after", "outcome"),
    [
        (incoming(None, NEW), Outcome.UPDATED),
        (incoming(None, NEW, fingerprint="a"), Outcome.UNCHANGED),
        (incoming(fingerprint="a"), Outcome.UNCHANGED),
        (incoming(None, MIDDLE), Outcome.CONFLICT_NO_VERSION),
        (incoming(None, OLD), Outcome.CONFLICT_NO_VERSION),
        (incoming(), Outcome.CONFLICT_NO_VERSION),
    ],
)
def test_without_versions_the_newer_manifest_holds(after, outcome):
    assert judge(known(), after) is outcome


@pytest.mark.parametrize(
    ("before", "after", "outcome"),
    [
        (known(withdrawn=True), incoming(NEW), Outcome.UPDATED),
        (known(withdrawn=True), incoming(None, NEW), Outcome.UPDATED),
        (known(withdrawn=True), incoming(OLD), Outcome.STALE),
        (known(withdrawn=True), incoming(MIDDLE), Outcome.STALE),
        (known(MIDDLE, withdrawn=True), incoming(MIDDLE), Outcome.STALE),
        (known(withdrawn=True), incoming(), Outcome.STALE),
    ],
)
def test_only_a_newer_version_replaces_a_tombstone(before, after, outcome):
    assert judge(before, after) is outcome


@pytest.mark.parametrize(
    ("before", "after", "outcome"),
    [
        (known(OLD), incoming(None, MIDDLE, withdrawn=True, deletion=True), Outcome.WITHDRAWN),
        (known(), incoming(None, MIDDLE, withdrawn=True, deletion=True), Outcome.WITHDRAWN),
        (known(), incoming(withdrawn=True, deletion=True), Outcome.WITHDRAWN),
        (known(NEW), incoming(None, MIDDLE, withdrawn=True, deletion=True), Outcome.STALE),
        (known(MIDDLE), incoming(NEW, withdrawn=True), Outcome.WITHDRAWN),
        (known(MIDDLE), incoming(OLD, withdrawn=True), Outcome.STALE),
        (known(OLD, withdrawn=True, fingerprint="b"), incoming(NEW, withdrawn=True), Outcome.UNCHANGED),
    ],
)
def test_a_withdrawal_holds_unless_it_is_older(before, after, outcome):
    assert judge(before, after) is outcome


@pytest.mark.parametrize(("tick", "newer"), [(-TICK, False), (NONE, False), (TICK, True)])
def test_a_version_of_the_same_moment_is_not_newer(tick, newer):
    known = Known(START, START, "x", withdrawn=False)
    assert is_newer(known, Incoming(START + tick, None, "y")) == newer
    assert is_newer(known, Incoming(START + tick, None, "y", deletion=True)) == (tick >= NONE)
