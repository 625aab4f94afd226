import pytest
from django.core.exceptions import ValidationError

from partners.text import printable, printable_lines


@pytest.mark.parametrize("text", ["", "Ärzte & Söhne", "日本", "a b"])
def test_what_is_printable(text):
    printable(text)
    printable_lines(f"{text}\r\n{text}\n")


@pytest.mark.parametrize("text", ["\x00", "a\tb", "\x1b[31m", "\u202ex", "\ud800", "a\rb", "\x85"])
def test_what_could_hide_is_refused(text):
    for check in (printable, printable_lines):
        with pytest.raises(ValidationError):
            check(text)


def test_one_line_is_one_line():
    with pytest.raises(ValidationError):
        printable("two\nlines")
