import base64
from encodings.aliases import aliases
from time import process_time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from encounters.fhir import attachments
from encounters.fhir.codes import Code
from tests.encounters.fhir.exports import attachment


def test_the_better_format_is_read_whatever_the_order():
    files = [
        attachment("<p>html</p>", "text/html"),
        attachment("plain"),
        attachment("marked", "Text/Markdown; charset=utf-8"),
    ]
    assert attachments.read(files) == ("marked", [])
    assert attachments.read(files[:2]) == ("plain", [])


def test_html_becomes_markdown_without_what_runs_or_is_unseen():
    html = """<html><head><title>t</title></head><body><h2>Plan</h2><p>Rest <b>well</b>.</p><script>alert(1)</script>
    <style>p {}</style><!-- note --><a href="javascript:alert(1)">a</a> <a href="https://example.org">b</a>
    <a href="http://[">c</a><img src="data:x" onerror="x"></body></html>"""
    text, warnings = attachments.read([attachment(html, "text/html")])
    assert text == "## Plan\n\nRest **well**.\n\na [b](https://example.org)\nc"
    assert warnings == []


@pytest.mark.parametrize(
    ("raw", "content_type", "expected", "warnings"),
    [
        ("Ä".encode("latin-1"), "text/plain; charset=ISO-8859-1", "Ä", []),
        ("Ä".encode("cp1252"), 'text/plain;charset="windows-1252"', "Ä", []),
        ("Ä".encode("utf-16"), "text/plain; charset=utf-16", "Ä", []),
        ("Ä".encode(), "text/plain", "Ä", []),
        (b"\xef\xbb\xbfA", "text/plain", "A", []),
        ("Ä".encode("latin-1"), "text/plain", "\ufffd", [Code.INVALID_CHARACTERS]),
        ("Ä".encode(), "text/plain; charset=klingon", "Ä", [Code.UNKNOWN_CHARSET]),
        ("Ä".encode(), "text/plain; charset=rot13", "Ä", [Code.UNKNOWN_CHARSET]),
        ("Ä".encode(), "text/plain; charset=idna", "Ä", [Code.UNKNOWN_CHARSET]),
        ("Ä".encode(), "text/plain; charset=undefined", "Ä", [Code.UNKNOWN_CHARSET]),
        (b"\\ud800", "text/plain; charset=unicode_escape", "\\ud800", [Code.UNKNOWN_CHARSET]),
        (b"+2AA-x", "text/plain; charset=utf-7", "\ufffdx", []),
        (b"a\x00b", "text/plain", "ab", []),
        (b"", "text/plain", None, [Code.NO_CONTENT]),
    ],
)
def test_text_is_decoded_by_its_charset_and_always_storable(raw, content_type, expected, warnings):
    text, found = attachments.read([attachment(raw, content_type)])
    assert (text, found) == (expected, warnings)


@given(st.sampled_from(sorted(set(aliases.values()) | {"idna", "punycode", "undefined"})), st.binary(max_size=40))
def test_no_charset_that_python_knows_makes_it_raise(charset, raw):
    text, _ = attachments.read([attachment(raw + b"x", f"text/plain; charset={charset}")])
    assert text.encode() is not None


@pytest.mark.parametrize(
    ("files", "warning"),
    [
        ([], Code.NO_CONTENT),
        ([{"contentType": "text/plain"}], Code.NO_CONTENT),
        ([{"contentType": "text/plain", "url": "https://example.org/note"}], Code.CONTENT_BY_URL),
        ([attachment("x", "application/pdf")], Code.UNSUPPORTED_CONTENT_TYPE),
        ([{"data": "eA=="}], Code.UNSUPPORTED_CONTENT_TYPE),
        ([{"contentType": "text/plain", "data": "****"}], Code.INVALID_BASE64),
        ([{"contentType": "text/plain", "data": "eA"}], Code.INVALID_BASE64),
        ([{"contentType": "text/plain", "data": "é==="}], Code.INVALID_BASE64),
        ([{"contentType": 7, "data": 7, "url": 7}], Code.UNSUPPORTED_CONTENT_TYPE),
    ],
)
def test_what_cannot_be_read_is_told(files, warning):
    assert attachments.read(files) == (None, [warning])


def test_a_recording_needs_no_text():
    assert attachments.read([{"contentType": "audio/mpeg", "data": "eA=="}]) == (None, [])


def test_where_the_best_cannot_be_read_the_next_one_is():
    files = [{"contentType": "text/markdown", "data": "****"}, attachment("plain")]
    assert attachments.read(files) == ("plain", [Code.INVALID_BASE64])


def test_base64_may_be_broken_into_lines():
    data = "\r\n".join(base64.b64encode(b"An invented note.").decode()[at : at + 4] for at in range(0, 24, 4))
    assert attachments.read([{"contentType": "text/plain", "data": data}]) == ("An invented note.", [])


@pytest.mark.parametrize(("size", "is_read"), [(0, True), (1, False), (1000, False)])
def test_a_mebibyte_of_text_is_the_most(size, is_read):
    raw = b"x" * (attachments.LONGEST_TEXT + size)
    text, warnings = attachments.read([attachment(raw)])
    assert (text is not None, warnings) == (is_read, [] if is_read else [Code.CONTENT_TOO_LONG])


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        ("<p>5 < 6 and 7 > 6</p>", "5 < 6 and 7 > 6"),
        ("a<!-- b <i>c</i> -->d", "ad"),
        ("a<!-- never closed", "a"),
        ("a<![if !supportLists]>b<![endif]>", "ab"),
        ("<p>a</p><b", "a\n\n<b"),
        ("<script>if (a < b) {}</script>c", "c"),
    ],
)
def test_html_that_is_none_is_text(html, expected):
    assert attachments.read([attachment(html, "text/html")]) == (expected, [])


@pytest.mark.parametrize("piece", ["<!--", "<a ", "<![CDATA[", "<![CDATA[>", "<?", "</", "<a href='", "<script>", "&"])
def test_html_meant_to_keep_a_parser_busy_does_not(piece):
    started = process_time()
    assert attachments.read([attachment(piece * 40_000, "text/html")])[0] is not None
    assert process_time() - started < 5


def test_html_of_too_many_tags_is_too_long():
    html = "<br>" * (attachments.MOST_TAGS + 1)
    assert attachments.read([attachment(html, "text/html")]) == (None, [Code.CONTENT_TOO_LONG])


def test_html_that_no_parser_gets_through_is_told():
    assert attachments.read([attachment("<div>" * 5000, "text/html")]) == (None, [Code.INVALID_HTML])
