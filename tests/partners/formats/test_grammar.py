"""The query grammars beyond the contract's tables: they accept exactly what they describe."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from partners.formats.grammar import instant, integer, pairs, word

OFFSETS = st.integers(-1439, 1439).map(lambda minutes: timezone(timedelta(minutes=minutes)))
LOCAL = st.datetimes(datetime(2, 1, 1), datetime(9998, 12, 31))


@given(st.text())
def test_an_integer_is_its_own_canonical_text(text):
    value = integer(0, 10_000)(text)
    assert value is None or str(value) == text


@given(st.integers(-10, 10_010))
def test_only_integers_in_range_are_accepted(number):
    assert integer(0, 10_000)(str(number)) == (number if 0 <= number <= 10_000 else None)


@given(st.text())
def test_a_word_is_one_of_the_words(text):
    assert word("asc", "desc")(text) in (None, text)


@given(LOCAL, OFFSETS)
def test_every_instant_is_read_back(local, zone):
    moment = local.replace(tzinfo=zone)
    text = local.isoformat() + (moment.isoformat()[-6:])
    assert instant(text) == moment.astimezone(UTC)


@given(LOCAL, st.text("0123456789", min_size=1, max_size=9))
def test_a_fraction_is_cut_to_microseconds(local, digits):
    text = f"{local.replace(microsecond=0).isoformat()}.{digits}Z"
    assert instant(text).microsecond == int(digits[:6].ljust(6, "0"))


@given(st.text("0123456789-:.TZtz+ \n٥", max_size=40))
def test_any_other_text_is_refused_without_an_exception(text):
    found = instant(text)
    assert found is None or found.tzinfo is UTC


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", []),
        ("&&", []),
        ("a", [("a", "")]),
        ("a=1&a=2", [("a", "1"), ("a", "2")]),
        ("a=b=c", [("a", "b=c")]),
        ("a;b=1", [("a;b", "1")]),
        ("%26=%3D", [("&", "=")]),
        ("a%2541", [("a%41", "")]),
        ("a+b=c+d", [("a b", "c d")]),
        ("a%2Bb", [("a+b", "")]),
        ("%FF=%C3", [("�", "�")]),
        ("%C3%A9", [("é", "")]),
        ("%0", [("%0", "")]),
        ("=", [("", "")]),
    ],
)
def test_pairs(query, expected):
    assert pairs(query) == expected


@given(st.text())
def test_splitting_never_fails(query):
    assert all(isinstance(name, str) and isinstance(text, str) for name, text in pairs(query))
