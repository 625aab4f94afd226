from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from encounters.fhir import dates
from encounters.importing.codes import Code


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-05-25T10:00:00-04:00", datetime(2026, 5, 25, 14, tzinfo=UTC)),
        ("2026-05-25T10:00:00Z", datetime(2026, 5, 25, 10, tzinfo=UTC)),
        ("2026-05-25T10:00:00.1234567+14:00", datetime(2026, 5, 24, 20, 0, 0, 123456, tzinfo=UTC)),
        ("2026-05-25T10:00:00.5Z", datetime(2026, 5, 25, 10, 0, 0, 500000, tzinfo=UTC)),
        ("2016-12-31T23:59:60Z", datetime(2017, 1, 1, tzinfo=UTC)),
        ("2017-01-01T05:29:60.25+05:30", datetime(2017, 1, 1, 0, 0, 0, 250000, tzinfo=UTC)),
        ("2016-12-31T23:59:59.9999999-00:00", datetime(2016, 12, 31, 23, 59, 59, 999999, tzinfo=UTC)),
        ("0001-01-01T00:00:00Z", datetime(1, 1, 1, tzinfo=UTC)),
    ],
)
def test_an_instant_is_kept_in_utc(text, expected):
    assert dates.moment(text) == (expected, None)
    assert dates.instant(text) == expected


@pytest.mark.parametrize(
    ("text", "expected", "code"),
    [
        ("2026-05-25", datetime(2026, 5, 25, tzinfo=UTC), Code.DATE_ONLY),
        ("2026-05-25T10:00:00", datetime(2026, 5, 25, 10, tzinfo=UTC), Code.NO_TIME_ZONE),
        ("2026-05", None, Code.PARTIAL_DATE),
        ("2026", None, Code.PARTIAL_DATE),
    ],
)
def test_an_assumption_is_reported_and_is_not_an_instant(text, expected, code):
    assert dates.moment(text) == (expected, code)
    assert dates.instant(text) is None


INVALID = [
    *(
        "",
        " ",
        "2026-02-30",
        "2026-13-01",
        "2026-00-01",
        "2026-01-00",
        "20260525",
        "2026-W21-1",
        "2026-145",
        "26-05-25",
    ),
    *("2026-5-25", "2026-05-25T10:00Z", "2026-05-25T24:00:00Z", "2026-05-25T10:60:00Z", "2026-05-25T10:00:61Z"),
    *(
        "2026-05-25T10:00:00+14:01",
        "2026-05-25T10:00:00+15:00",
        "2026-05-25T10:00:00+05:60",
        "2026-05-25T10:00:00+0500",
    ),
    *("2026-05-25T10:00:00,5Z", "2026-05-25T10:00:00.Z", "2026-05-25 10:00:00Z", "2026-05-25t10:00:00z"),
    *("2026-05-25T10:00:00Z\n", " 2026-05-25", "٢٠٢٦-05-25", "0000-01-01", "0001-01-01T00:00:00+01:00"),
    *("9999-12-31T23:59:59-01:00", "9999-12-31T23:59:60Z", "+2026-05-25", None, 2026, 20260525.0, True, [], {}),
]


@pytest.mark.parametrize("value", INVALID)
def test_only_fhirs_grammar_is_a_date(value):
    assert dates.moment(value) == (None, Code.INVALID_DATE)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("1970-02-03", (date(1970, 2, 3), None)),
        ("1970-02", (None, Code.PARTIAL_DATE)),
        ("1970", (None, Code.PARTIAL_DATE)),
        ("1970-02-30", (None, Code.INVALID_DATE)),
        ("1970-02-03T00:00:00Z", (None, Code.INVALID_DATE)),
        ("1970-02-03T00:00:00", (None, Code.INVALID_DATE)),
        (19700203, (None, Code.INVALID_DATE)),
        (None, (None, Code.NO_BIRTH_DATE)),
    ],
)
def test_a_birth_date_is_full_and_valid_or_nothing(value, expected):
    assert dates.birth_date(value) == expected


@pytest.mark.parametrize(
    ("value", "digits"),
    [
        ("2026-05-25T10:00:00.1234567Z", "7"),
        ("2026-05-25T10:00:00.123456070Z", "07"),
        ("2026-05-25T10:00:00.1234560Z", ""),
        ("2026-05-25T10:00:00.12Z", ""),
        ("2026-05-25T10:00:00Z", ""),
        ("yesterday", ""),
        (7, ""),
    ],
)
def test_the_digits_after_the_microseconds_are_separate(value, digits):
    assert dates.finer(value) == digits


@pytest.mark.parametrize(
    ("value", "day"),
    [("2026", "2026"), ("2026-05", "2026-05"), ("2026-05-25T10:00:00Z", "2026-05-25"), ("later", None), (7, None)],
)
def test_a_day_is_returned_as_far_as_it_is_given(value, day):
    assert dates.told_day(value) == day


@given(st.datetimes(timezones=st.just(UTC)))
def test_every_moment_that_python_writes_is_read_back(moment):
    assert dates.instant(moment.isoformat()) == moment


@given(st.text(alphabet="0123456789-+:.TZ W", max_size=32))
def test_no_text_raises(text):
    found, code = dates.moment(text)
    assert found is not None or code in (Code.INVALID_DATE, Code.PARTIAL_DATE)
