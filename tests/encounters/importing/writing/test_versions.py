from datetime import UTC, datetime

import pytest

from encounters.importing.codes import ImportOutcome
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
        (known(MIDDLE), incoming(NEW), ImportOutcome.UPDATED),
        (known(MIDDLE), incoming(NEW, fingerprint="a"), ImportOutcome.UPDATED),
        (known(MIDDLE), incoming(MIDDLE, fingerprint="a"), ImportOutcome.UNCHANGED),
        (known(MIDDLE), incoming(OLD, fingerprint="a"), ImportOutcome.UNCHANGED),
        (known(MIDDLE), incoming(OLD), ImportOutcome.STALE),
        (known(MIDDLE), incoming(MIDDLE), ImportOutcome.CONFLICT_SAME_VERSION),
        (known(OLD), incoming(None, NEW), ImportOutcome.UPDATED),
        (known(), incoming(NEW), ImportOutcome.UPDATED),
        (known(), incoming(OLD), ImportOutcome.CONFLICT_NO_VERSION),
    ],
)
def test_the_newer_last_updated_holds(before, after, outcome):
    assert judge(before, after) is outcome


@pytest.mark.parametrize(
    ("before", "after", "outcome"),
    [
        ("7", "8", ImportOutcome.UPDATED),
        ("7", "75", ImportOutcome.UPDATED),
        ("", "7", ImportOutcome.UPDATED),
        ("8", "7", ImportOutcome.STALE),
        ("7", "", ImportOutcome.STALE),
        ("7", "7", ImportOutcome.CONFLICT_SAME_VERSION),
    ],
)
def test_within_a_microsecond_the_further_digits_decide_which_is_newer(before, after, outcome):
    before, after = fingerprint("a" * 64, before), fingerprint("b" * 64, after)
    assert len(after) <= 64
    assert judge(known(MIDDLE, fingerprint=before), incoming(MIDDLE, fingerprint=after)) is outcome


@pytest.mark.parametrize(("before", "after"), [("7", "7"), ("8", "7"), ("7", ""), ("", "")])
def test_within_a_microsecond_the_same_values_are_the_same(before, after):
    before, after = fingerprint("a" * 64, before), fingerprint("a" * 64, after)
    assert judge(known(MIDDLE, fingerprint=before), incoming(MIDDLE, fingerprint=after)) is ImportOutcome.UNCHANGED


@pytest.mark.parametrize(
    ("after", "outcome"),
    [
        (incoming(None, NEW), ImportOutcome.UPDATED),
        (incoming(None, NEW, fingerprint="a"), ImportOutcome.UNCHANGED),
        (incoming(fingerprint="a"), ImportOutcome.UNCHANGED),
        (incoming(None, MIDDLE), ImportOutcome.CONFLICT_NO_VERSION),
        (incoming(None, OLD), ImportOutcome.CONFLICT_NO_VERSION),
        (incoming(), ImportOutcome.CONFLICT_NO_VERSION),
    ],
)
def test_without_versions_the_newer_manifest_holds(after, outcome):
    assert judge(known(), after) is outcome


@pytest.mark.parametrize(
    ("before", "after", "outcome"),
    [
        (known(withdrawn=True), incoming(NEW), ImportOutcome.UPDATED),
        (known(withdrawn=True), incoming(None, NEW), ImportOutcome.UPDATED),
        (known(withdrawn=True), incoming(OLD), ImportOutcome.STALE),
        (known(withdrawn=True), incoming(MIDDLE), ImportOutcome.STALE),
        (known(MIDDLE, withdrawn=True), incoming(MIDDLE), ImportOutcome.STALE),
        (known(withdrawn=True), incoming(), ImportOutcome.STALE),
    ],
)
def test_only_a_newer_version_replaces_a_tombstone(before, after, outcome):
    assert judge(before, after) is outcome


@pytest.mark.parametrize(
    ("before", "after", "outcome"),
    [
        (known(OLD), incoming(None, MIDDLE, withdrawn=True, deletion=True), ImportOutcome.WITHDRAWN),
        (known(), incoming(None, MIDDLE, withdrawn=True, deletion=True), ImportOutcome.WITHDRAWN),
        (known(), incoming(withdrawn=True, deletion=True), ImportOutcome.WITHDRAWN),
        (known(NEW), incoming(None, MIDDLE, withdrawn=True, deletion=True), ImportOutcome.STALE),
        (known(MIDDLE), incoming(NEW, withdrawn=True), ImportOutcome.WITHDRAWN),
        (known(MIDDLE), incoming(OLD, withdrawn=True), ImportOutcome.STALE),
        (known(OLD, withdrawn=True, fingerprint="b"), incoming(NEW, withdrawn=True), ImportOutcome.UNCHANGED),
    ],
)
def test_a_withdrawal_holds_unless_it_is_older(before, after, outcome):
    assert judge(before, after) is outcome


@pytest.mark.parametrize(("tick", "newer"), [(-TICK, False), (NONE, False), (TICK, True)])
def test_a_version_of_the_same_moment_is_not_newer(tick, newer):
    known = Known(START, START, "x", withdrawn=False)
    assert is_newer(known, Incoming(START + tick, None, "y")) == newer
    assert is_newer(known, Incoming(START + tick, None, "y", deletion=True)) == (tick >= NONE)
