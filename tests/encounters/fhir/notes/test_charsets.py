import pytest

from encounters.fhir import attachments
from encounters.importing.codes import Code
from tests.encounters.fhir.exports import attachment

HTML = "text/html"


@pytest.mark.parametrize(
    ("raw", "content_type", "expected", "warnings"),
    [
        ("Ä".encode("latin-1"), "text/plain; charset=ISO-8859-1", "Ä", []),
        ("“Ä” 5 €".encode("cp1252"), "text/plain; charset=iso-8859-1", "“Ä” 5 €", []),
        ("“Ä”".encode("cp1252"), 'text/plain;charset="windows-1252"', "“Ä”", []),
        ("Ä".encode(), "text/plain; charset=us-ascii", "Ä", []),
        ("“Ä”".encode("cp1252"), "text/plain; charset=us-ascii", "“Ä”", []),
        (b"A\x81", "text/plain; charset=us-ascii", "A\ufffd", [Code.INVALID_CHARACTERS]),
        ("Ä".encode("utf-16"), "text/plain; charset=utf-16", "Ä", []),
        ("Ä".encode("utf-16"), "text/plain", "Ä", []),
        ("Ä".encode(), "text/plain", "Ä", []),
        (b"\xef\xbb\xbf\xc3\x84", "text/plain; charset=iso-8859-1", "Ä", []),
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


@pytest.mark.parametrize(
    ("html", "content_type", "expected", "warnings"),
    [
        (b'<meta charset="windows-1252"><p>M\xfcller \x93ok\x94', HTML, "Müller “ok”", []),
        (b"<META CHARSET=windows-1252><p>M\xfcller", HTML, "Müller", []),
        (b"<meta http-equiv=content-type content='text/html; charset=latin1'>M\xfcller", HTML, "Müller", []),
        (b'<?xml version="1.0" encoding="ISO-8859-1"?><p>M\xfcller</p>', "application/xhtml+xml", "Müller", []),
        (b"<meta charset=windows-1252><p>M\xc3\xbcller", "text/html; charset=utf-8", "Müller", []),
        (b"<meta charset=utf-16><p>M\xc3\xbcller", HTML, "Müller", []),
        (b"<meta charset=klingon><p>M\xc3\xbcller", HTML, "Müller", [Code.UNKNOWN_CHARSET]),
        (b"<p>M\xfcller<meta name=x content=y>", HTML, "M\ufffdller", [Code.INVALID_CHARACTERS]),
        (b" " * 1024 + b"<meta charset=latin1>M\xfcller", HTML, "M\ufffdller", [Code.INVALID_CHARACTERS]),
    ],
)
def test_html_can_declare_its_charset(html, content_type, expected, warnings):
    assert attachments.read([attachment(html, content_type)]) == (expected, warnings)


def test_plain_text_can_not_declare_its_charset():
    text, warnings = attachments.read([attachment(b"<meta charset=latin1>\xfc")])
    assert (text, warnings) == ("<meta charset=latin1>\ufffd", [Code.INVALID_CHARACTERS])
