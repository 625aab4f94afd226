import base64
from encodings.aliases import aliases
from time import process_time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from encounters.fhir import attachments
from encounters.importing.codes import Code
from encounters.importing.reading import limits
from tests.encounters.fhir.exports import attachment


def test_the_better_format_is_read_in_any_order():
    files = [
        attachment("<p>html</p>", "text/html"),
        attachment("plain"),
        attachment("marked", "Text/Markdown; charset=utf-8"),
    ]
    assert attachments.read(files) == ("marked", [])
    assert attachments.read(files[:2]) == ("plain", [])


def test_html_becomes_markdown_without_scripts_or_invisible_text():
    html = """<html><head><title>t</title></head><body><h2>Plan</h2><p>Rest <b>well</b>.</p><script>alert(1)</script>
    <style>p {}</style><!-- note --><a href="javascript:alert(1)">a</a> <a href="https://example.org">b</a>
    <a href="http://[">c</a><img src="data:x" onerror="x"></body></html>"""
    text, warnings = attachments.read([attachment(html, "text/html")])
    assert text == "## Plan\n\nRest **well**.\n\na [b](https://example.org) c"
    assert warnings == []


@given(st.sampled_from(sorted(set(aliases.values()) | {"idna", "punycode", "undefined"})), st.binary(max_size=40))
def test_no_charset_that_python_knows_raises(charset, raw):
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
def test_unreadable_attachments_are_reported(files, warning):
    assert attachments.read(files) == (None, [warning])


def test_a_recording_needs_no_text():
    assert attachments.read([{"contentType": "audio/mpeg", "data": "eA=="}]) == (None, [])


def test_if_the_best_can_not_be_read_the_next_one_is():
    files = [{"contentType": "text/markdown", "data": "****"}, attachment("plain")]
    assert attachments.read(files) == ("plain", [Code.INVALID_BASE64])


def test_base64_may_be_broken_into_lines():
    data = "\r\n".join(base64.b64encode(b"An invented note.").decode()[at : at + 4] for at in range(0, 24, 4))
    assert attachments.read([{"contentType": "text/plain", "data": data}]) == ("An invented note.", [])


@pytest.mark.parametrize(("size", "is_read"), [(0, True), (1, False), (1000, False)])
def test_a_mebibyte_of_text_is_the_maximum(size, is_read):
    raw = b"x" * (limits.LONGEST_TEXT + size)
    text, warnings = attachments.read([attachment(raw)])
    assert (text is not None, warnings) == (is_read, [] if is_read else [Code.CONTENT_TOO_LONG])


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        ("<p>5 < 6 and 7 > 6</p>", "5 < 6 and 7 > 6"),
        ("a<!-- b <i>c</i> -->d", "ad"),
        ("a<!-- never closed", "a"),
        ("a<![if !supportLists]>b<![endif]>", "ab"),
        ("<p>a</p><b", "a\n\n&lt;b"),
        ("<script>if (a < b) {}</script>c", "c"),
    ],
)
def test_html_without_markup_is_text(html, expected):
    assert attachments.read([attachment(html, "text/html")]) == (expected, [])


@pytest.mark.parametrize("piece", ["<!--", "<a ", "<![CDATA[", "<![CDATA[>", "<?", "</", "<a href='", "<script>", "&"])
def test_html_meant_to_keep_a_parser_busy_does_not(piece):
    started = process_time()
    assert attachments.read([attachment(piece * 40_000, "text/html")])[0] is not None
    assert process_time() - started < 5


def test_html_of_too_many_tags_is_too_long():
    html = "<br>" * (attachments.MOST_TAGS + 1)
    assert attachments.read([attachment(html, "text/html")]) == (None, [Code.CONTENT_TOO_LONG])


def test_html_may_be_as_deep_as_it_likes():
    assert attachments.read([attachment("<div><b>" * 20_000 + "a", "text/html")]) == ("a", [])


def test_html_that_the_parser_fails_on_is_reported(monkeypatch):
    monkeypatch.setattr(attachments.notes, "from_html", lambda html: 1 // 0)
    assert attachments.read([attachment("<p>a</p>", "text/html")]) == (None, [Code.INVALID_HTML])


@pytest.mark.parametrize(
    ("content", "content_type", "expected"),
    [
        (" \n ", "text/plain", " \n "),
        ("<html><head><title>Visit</title></head></html>", "text/html", ""),
        ("<p>&nbsp;</p><script>a</script>", "text/html", ""),
        ("<!-- never closed <p>Rest.</p>", "text/html", ""),
    ],
)
def test_a_text_that_turns_out_blank_is_reported(content, content_type, expected):
    assert attachments.read([attachment(content, content_type)]) == (expected, [Code.BLANK_CONTENT])


def test_if_the_best_is_blank_the_next_one_is_read():
    files = [attachment(" "), attachment("<p>Rest.</p>", "text/html")]
    assert attachments.read(files) == ("Rest.", [Code.BLANK_CONTENT])


@pytest.mark.parametrize(("more", "read"), [(0, True), (1, False)])
def test_the_most_tags_of_a_note(more, read):
    html = "a" + "<br>" * (attachments.MOST_TAGS + more)
    assert (attachments.read([attachment(html, "text/html")])[1] == []) == read
