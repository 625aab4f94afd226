"""The bytes that seals sign: no two lists of fields have the same."""

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from partners.formats.framing import framed

FIELDS = st.lists(st.none() | st.text(max_size=4), max_size=4)


def test_a_field_has_its_length_in_bytes_in_front():
    assert framed(["é", "", None]) == b"\x01\x00\x00\x00\x02\xc3\xa9" + b"\x01\x00\x00\x00\x00" + b"\x00"


@pytest.mark.parametrize(
    ("one", "other"), [(["ab", "c"], ["a", "bc"]), ([None], [""]), (["a"], ["a", None]), ([], [""]), (["\x00"], [None])]
)
def test_fields_that_look_alike_differ(one, other):
    assert framed(one) != framed(other)


@given(FIELDS, FIELDS)
def test_different_fields_have_different_bytes(one, other):
    assert (framed(one) == framed(other)) == (one == other)


def test_the_form_never_changes():
    digest = hashlib.sha256(framed(["chartero", None, "", "ü\x00", "x" * 300])).hexdigest()
    assert digest == "9f113999fc5825253e6b7b2099ce61e74178ca6b522d1e4f6fc7a878310ebb07"
