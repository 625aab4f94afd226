from datetime import UTC, datetime, timedelta, timezone

import pytest
from django.core.exceptions import ValidationError
from django.utils import timezone as clock

from partners.accounting.periods import LONGEST, Period
from partners.formats.moments import years_before
from tests.moments import TICK

NOW = datetime(2026, 5, 25, 14, 30, tzinfo=UTC)
SIX_YEARS_AGO = datetime(2020, 5, 25, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _now(monkeypatch):
    monkeypatch.setattr(clock, "now", lambda: NOW)


def test_without_words_a_period_is_the_six_years_until_now():
    assert Period.of() == Period(SIX_YEARS_AGO, NOW)


def test_a_period_begins_six_years_before_its_end():
    end = datetime(2024, 2, 29, 12, tzinfo=UTC)
    assert Period.of(end=end) == Period(datetime(2018, 2, 28, tzinfo=UTC), end)


def test_a_period_is_what_is_asked_for():
    start, end = datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 2, 1, tzinfo=UTC)
    assert Period.of(start, end) == Period(start, end)


def test_a_period_does_not_reach_beyond_now():
    assert Period.of(end=NOW + timedelta(days=1)) == Period(SIX_YEARS_AGO, NOW)


@pytest.mark.parametrize(
    ("start", "end"),
    [
        (NOW, None),
        (NOW + timedelta(days=1), None),
        (NOW + timedelta(days=1), NOW + timedelta(days=2)),
        (datetime(2026, 2, 1, tzinfo=UTC), datetime(2026, 1, 1, tzinfo=UTC)),
        (datetime(2026, 2, 1, tzinfo=UTC), datetime(2026, 2, 1, tzinfo=UTC)),
        (None, datetime.min.replace(tzinfo=UTC)),
    ],
)
def test_a_period_that_ends_before_it_begins_is_refused(start, end):
    with pytest.raises(ValidationError, match="must begin before it ends") as refusal:
        Period.of(start, end)
    assert refusal.value.code == "empty_period"


def test_a_period_of_more_than_six_years_is_refused():
    assert Period.of(SIX_YEARS_AGO).start == SIX_YEARS_AGO
    with pytest.raises(ValidationError, match="begin on 2020-05-25 or later") as refusal:
        Period.of(SIX_YEARS_AGO - timedelta(microseconds=1))
    assert refusal.value.code == "period_too_long"


@pytest.mark.parametrize(
    ("moment", "years", "before"),
    [
        (NOW, 6, SIX_YEARS_AGO),
        (datetime(2026, 5, 25, 23, tzinfo=timezone(timedelta(hours=-5))), 1, datetime(2025, 5, 26, tzinfo=UTC)),
        (datetime(2028, 2, 29, 23, 59, tzinfo=UTC), 6, datetime(2022, 2, 28, tzinfo=UTC)),
        (datetime(2028, 2, 29, tzinfo=UTC), 8, datetime(2020, 2, 28, tzinfo=UTC)),
        (datetime(3, 7, 1, tzinfo=UTC), 6, datetime(1, 7, 1, tzinfo=UTC)),
    ],
)
def test_years_before_is_the_beginning_of_the_same_day(moment, years, before):
    assert years_before(moment, years) == before


@pytest.mark.parametrize(
    ("start", "end", "fault"),
    [
        (NOW - TICK, NOW, None),
        (NOW, NOW, "empty_period"),
        (NOW, NOW + TICK, "empty_period"),
        (years_before(NOW, LONGEST), NOW, None),
        (years_before(NOW, LONGEST) - TICK, NOW, "period_too_long"),
    ],
)
def test_a_period_begins_before_its_end_and_has_six_years_at_most(start, end, fault):
    if fault is None:
        assert Period.of(start, end) == Period(start, end)
        return
    with pytest.raises(ValidationError) as refused:
        Period.of(start, end)
    assert refused.value.code == fault
