from datetime import UTC, datetime, timedelta

import pytest
from django.core.exceptions import ValidationError
from django.utils import timezone

from partners.formats.spans import bound, duration, expiry

NOW = datetime(2026, 5, 25, 14, 30, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _now(monkeypatch):
    monkeypatch.setattr(timezone, "now", lambda: NOW)


@pytest.mark.parametrize(
    ("text", "span"),
    [
        ("24h", timedelta(hours=24)),
        ("90d", timedelta(days=90)),
        ("0h", timedelta(0)),
        ("007d", timedelta(days=7)),
        ("99999d", timedelta(days=99999)),
    ],
)
def test_a_span_is_hours_or_days(text, span):
    assert duration(text) == span


@pytest.mark.parametrize(
    "text",
    ["", "24", "h", "-1h", "+1h", "1.5h", "1 h", " 1h", "1h ", "1h\n", "1m", "1w", "1D", "٥d", "100000d", "1d2h"],
)
def test_another_span_is_refused(text):
    with pytest.raises(ValidationError, match="24h or 90d") as refusal:
        duration(text)
    assert refusal.value.code == "invalid_duration"


@pytest.mark.parametrize(
    ("text", "end"),
    [
        ("90d", NOW + timedelta(days=90)),
        ("24h", NOW + timedelta(days=1)),
        ("2026-05-25", datetime(2026, 5, 26, tzinfo=UTC)),
        ("2026-12-31", datetime(2027, 1, 1, tzinfo=UTC)),
        ("2028-02-29", datetime(2028, 3, 1, tzinfo=UTC)),
        ("2027-05-25T14:00:00Z", datetime(2027, 5, 25, 14, tzinfo=UTC)),
        ("2027-05-25T14:00:00+02:00", datetime(2027, 5, 25, 12, tzinfo=UTC)),
        ("2027-05-25T14:00:00-23:59", datetime(2027, 5, 26, 13, 59, tzinfo=UTC)),
    ],
)
def test_an_expiry_is_a_span_or_the_end_of_a_day_or_a_moment(text, end):
    assert expiry(text) == end
    assert expiry(text).tzinfo is not None


@pytest.mark.parametrize(
    "text",
    [
        "",
        "never",
        "90",
        "2027-02-29",
        "2027-13-01",
        "0000-01-01",
        "9999-12-31",
        "20270525",
        "2027-W21-2",
        "2027-05-25 14:00:00Z",
        "2027-05-25T14:00:00",
        "2027-05-25T14:00Z",
        "2027-05-25T24:00:00Z",
        "2027-05-25T14:00:60Z",
        "2027-05-25T14:00:00+05:60",
        "2027-05-25T14:00:00+24:00",
        "9999-12-31T23:59:59-00:01",
        "2027-05-25T14:00:00Z\n",
        "٢027-05-25",
    ],
)
def test_another_expiry_is_refused(text):
    with pytest.raises(ValidationError, match="2027-05-25") as refusal:
        expiry(text)
    assert refusal.value.code == "invalid_expiry"


@pytest.mark.parametrize(
    ("text", "first", "last"),
    [
        ("2026-05-25", datetime(2026, 5, 25, tzinfo=UTC), datetime(2026, 5, 26, tzinfo=UTC)),
        ("2028-02-29", datetime(2028, 2, 29, tzinfo=UTC), datetime(2028, 3, 1, tzinfo=UTC)),
        ("2026-05-25T14:00:00Z", datetime(2026, 5, 25, 14, tzinfo=UTC), datetime(2026, 5, 25, 14, tzinfo=UTC)),
        ("2026-05-25T01:00:00+02:00", datetime(2026, 5, 24, 23, tzinfo=UTC), datetime(2026, 5, 24, 23, tzinfo=UTC)),
    ],
)
def test_a_period_is_bound_by_whole_days_and_by_moments(text, first, last):
    assert (bound(text), bound(text, last=True)) == (first, last)


@pytest.mark.parametrize(
    "text", ["", "90d", "2026-02-30", "25.05.2026", "2026-05-25T14:00:00", "2026-05-25 14:00:00Z", "2026-W22", "now"]
)
def test_another_bound_is_refused(text):
    with pytest.raises(ValidationError, match="2026-05-25T14:00:00Z") as refusal:
        bound(text)
    assert refusal.value.code == "invalid_bound"


def test_a_bound_beyond_the_calendar_is_refused():
    with pytest.raises(ValidationError):
        bound("9999-12-31", last=True)
    with pytest.raises(ValidationError):
        bound("0001-01-01T00:00:00+23:59")
