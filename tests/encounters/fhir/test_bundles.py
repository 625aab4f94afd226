import io
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from encounters.fhir import bundles
from encounters.importing.codes import Code

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=4), inner, max_size=4),
    max_leaves=8,
)


class Chunked(io.BytesIO):
    """A stream that returns pieces of other sizes than requested."""

    def read(self, size=-1):
        return super().read(min(size, 6_007))


class Dripping(io.BytesIO):
    """A stream that returns one byte at a time, like a slow source."""

    def read(self, size=-1):
        return super().read(min(size, 1))


def members(document, stream=io.BytesIO):
    content = document if isinstance(document, bytes) else json.dumps(document).encode()
    return list(bundles.members(stream(content)))


def test_entries_of_a_bundle_come_one_by_one():
    document = {"resourceType": "Bundle", "entry": [{"a": 1}, {"b": [2]}], "total": 2}
    assert members(document) == [("resourceType", "Bundle"), (None, {"a": 1}), (None, {"b": [2]}), ("total", 2)]


@pytest.mark.parametrize("document", [{"entry": [1]}, {"entry": [1], "resourceType": "Bundle"}])
def test_entries_come_one_by_one_before_the_type_is_known(document):
    assert members(document)[0] == (None, 1)


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        ({"resourceType": "List", "entry": [1]}, [("resourceType", "List"), ("entry", [1])]),
        ({"resourceType": "Bundle", "entry": 7}, [("resourceType", "Bundle"), ("entry", 7)]),
        ({"resourceType": "Bundle", "entry": []}, [("resourceType", "Bundle")]),
        ({}, []),
        (b'\xef\xbb\xbf {"a" : 12 } \r\n', [("a", 12)]),
    ],
)
def test_other_members_are_returned_unchanged(document, expected):
    assert members(document) == expected


@pytest.mark.parametrize(
    "document",
    [
        *(b"", b"[]", b"7", b"{", b'{"a"}', b'{"a":}', b'{"a":1', b'{"a":1,}', b'{"a":1}}', b'{"a":1} {}', b"{7:1}"),
        *(b'{"entry":[1', b'{"entry":[1,]}', b'{"entry":[1 2]}', b'{"entry":[}', b'{"a":NaN}', b'{"a":"\xff"}'),
        b'{"a":"\xc3',
    ],
)
def test_a_document_that_is_not_one_json_object_is_refused(document):
    with pytest.raises(ValueError, match=r"\w"):
        members(document)


def test_endless_nesting_is_refused():
    with pytest.raises(ValueError, match="end"):
        members(b'{"entry":[' + b"[" * 200_000)


@pytest.mark.parametrize("refused", [b"[" * 200_000 + b"]" * 200_000, b"[" + b"9" * 5000 + b"]"])
@pytest.mark.parametrize("stream", [io.BytesIO, Chunked])
def test_json_that_python_refuses_skips_only_its_entry(refused, stream):
    document = b'{"entry":[1,' + refused + b',{"a":2}],"b":3}'
    assert members(document, stream) == [(None, 1), (None, Code.INVALID_JSON), (None, {"a": 2}), ("b", 3)]


@pytest.mark.parametrize("stream", [io.BytesIO, Chunked])
@pytest.mark.parametrize(
    "long",
    [
        "x" * 300_000,
        {"a": ["x" * 300_000], "b": {}},
        [{"a": '\\" ] } [ { \\' * 40_000}],
        ["\\" * 200_001, "]"],
        [[{}] * 50_000, '"'],
    ],
)
def test_an_entry_that_is_too_long_is_skipped_and_the_rest_is_read(monkeypatch, long, stream):
    monkeypatch.setattr(bundles, "LONGEST_LINE", 100_000)
    document = json.dumps({"entry": ["x" * 99_000, long, {"a": 2}], "b": 3}).encode()
    assert members(document, stream)[1:] == [(None, Code.LINE_TOO_LONG), (None, {"a": 2}), ("b", 3)]


def test_a_fault_in_a_short_value_ends_the_reading_however_much_follows(monkeypatch):
    monkeypatch.setattr(bundles, "LONGEST_LINE", 100_000)
    read = bundles.members(io.BytesIO(b'{"entry":[1,{"a":2,},' + b'{"a":3},' * 100_000 + b"4]}"))
    assert next(read) == (None, 1)
    with pytest.raises(ValueError, match="expected"):
        next(read)


def test_a_name_that_is_too_long_ends_the_reading(monkeypatch):
    monkeypatch.setattr(bundles, "LONGEST_LINE", 100_000)
    with pytest.raises(ValueError, match="name"):
        members({"x" * 300_000: 1})


@given(st.dictionaries(st.text(max_size=4), JSON, max_size=4))
def test_every_object_is_read_as_the_standard_parser_reads_it(document):
    document = {"resourceType": "Basic"} | document
    assert dict(members(document)) == dict(members(document, Dripping)) == document
