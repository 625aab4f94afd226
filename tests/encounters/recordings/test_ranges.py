"""Byte ranges by RFC 9110, section 14."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from encounters.recordings.ranges import ByteRange, asked_range

SIZES = st.integers(0, 50)


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("bytes=0-9", ByteRange(0, 10)),
        ("bytes=0-", ByteRange(0, 100)),
        ("Bytes=99-99", ByteRange(99, 100)),
        ("bytes=90-200", ByteRange(90, 100)),
        (" bytes=-10 ", ByteRange(90, 100)),
        ("bytes=-200", ByteRange(0, 100)),
        ("bytes=0-0,5-6", None),
        ("bytes=9-5", None),
        ("bytes=-", None),
        ("bytes=٥-", None),
        ("bytes=0 - 9", None),
        ("seconds=0-9", None),
        ("bytes=" + "9" * 19 + "-", None),
        ("", None),
    ],
)
def test_one_range_is_read_and_anything_else_ignored(header, expected):
    assert asked_range(header, 100) == expected


@pytest.mark.parametrize("header", ["bytes=100-", "bytes=100-100", "bytes=500-600", "bytes=-0"])
def test_a_range_past_the_end_has_no_length(header):
    assert asked_range(header, 100).length == 0


@given(SIZES, SIZES, SIZES)
def test_a_range_is_the_slice_of_its_header(first, last, size):
    content = bytes(range(size))
    found = asked_range(f"bytes={first}-{last}", size)
    expected = content[first : last + 1]
    assert found is None if last < first else content[found.first : found.first + found.length] == expected


@given(SIZES, SIZES)
def test_a_suffix_is_the_end(length, size):
    content = bytes(range(size))
    found = asked_range(f"bytes=-{length}", size)
    assert content[found.first : found.end] == (content[-length:] if length else b"")


@pytest.mark.parametrize(
    ("header", "part"),
    [
        ("bytes=3-3", ByteRange(3, 4)),
        ("bytes=3-2", None),
        ("bytes=0-9", ByteRange(0, 10)),
        ("bytes=0-10", ByteRange(0, 10)),
    ],
)
def test_a_range_of_one_byte_and_of_them_all(header, part):
    assert asked_range(header, 10) == part
