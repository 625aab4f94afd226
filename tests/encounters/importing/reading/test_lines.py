import gzip
import io
import json

import pytest

from encounters.importing.codes import Code
from encounters.importing.reading import lines


def numbered(content: bytes) -> list:
    return list(lines.numbered(io.BytesIO(content)))


def test_lines_are_split_only_at_line_feeds_and_keep_their_numbers():
    content = 'a\u2028b\x0bc\x85d\r\n\n  \n"e"'.encode()
    assert numbered(content) == [(1, "a\u2028b\x0bc\x85d\r\n".encode()), (4, b'"e"')]


def test_a_line_with_only_a_byte_order_mark_is_blank():
    assert numbered(b"\xef\xbb\xbf\r\n\xef\xbb\xbf1\n") == [(2, b"\xef\xbb\xbf1\n")]


def test_a_line_too_long_is_skipped_whole(monkeypatch):
    monkeypatch.setattr(lines, "LONGEST_LINE", 4)
    long = b"x" * 200_000
    assert numbered(b"1234\n12345\n1\n" + long + b"\n2\n" + long) == [
        (1, b"1234\n"),
        (2, Code.LINE_TOO_LONG),
        (3, b"1\n"),
        (4, Code.LINE_TOO_LONG),
        (5, b"2\n"),
        (6, Code.LINE_TOO_LONG),
    ]


def nested(depth: int) -> list:
    return [nested(depth - 1)] if depth > 1 else []


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"{",
        b"{} {}",
        b"{'a': 1}",
        b'{"a": NaN}',
        b'{"a": -Infinity}',
        b'{"a": "\\ud800"}',
        b'{"a": 1, "a": 1}',
        b'[{"b": {"a": 1, "\\u0061": 2}}]',
        rb'{"a": 1, "a": "\u0022\u0022"}',
        b'{"\\udc00": 1}',
        b'{"a": "\xff"}',
        b'{"a": "\xed\xa0\x80"}',
        b'{"a": ' + b"9" * 5000 + b"}",
        b"[" * 200_000 + b"]" * 200_000,
    ],
)
def test_json_that_only_python_accepts_is_invalid(line):
    assert lines.parsed(line) is Code.INVALID_JSON


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (b'{"a": "\\ud83d\\ude00"}\r\n', {"a": "\U0001f600"}),
        (b'\xef\xbb\xbf{"a": 1}', {"a": 1}),
        ('{"a": "Ä"}'.encode(), {"a": "Ä"}),
        (b"7", 7),
        (rb'{"\"a\\\"": "\u0022\\", "b": "\\\\\""}', {'"a\\"': '"\\', "b": '\\\\"'}),
        (b'{"a": ' + b"[" * 300 + b"]" * 300 + b"}", {"a": nested(300)}),
    ],
)
def test_json_is_read(line, expected):
    assert lines.parsed(line) == expected


@pytest.mark.parametrize("name", ["a.ndjson", "a.ndjson.gz"])
@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_a_file_is_gzipped_if_its_bytes_say_so_with_any_name(tmp_path, name, pack):
    (tmp_path / name).write_bytes(pack(b"1\n2\n"))
    read = []
    with lines.opened(tmp_path / name, read.append) as stream:
        assert stream.read() == b"1\n2\n"
    assert sum(read) == (tmp_path / name).stat().st_size


def test_many_members_of_a_gzipped_file_are_one(tmp_path):
    path = tmp_path / "a.gz"
    path.write_bytes(gzip.compress(b"1\n") + gzip.compress(json.dumps([2]).encode()))
    with lines.opened(path, lambda size: None) as stream:
        assert list(lines.numbered(stream)) == [(1, b"1\n"), (2, b"[2]")]


def test_a_line_of_exactly_the_longest_is_read_at_the_end_too(monkeypatch):
    monkeypatch.setattr(lines, "LONGEST_LINE", 4)
    assert [*lines.numbered(io.BytesIO(b"1234"))] == [(1, b"1234")]
    assert [*lines.numbered(io.BytesIO(b"12345"))] == [(1, Code.LINE_TOO_LONG)]
