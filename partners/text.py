"""Validators for text that staff enter. Nothing may hide in a page, a log or a terminal."""

from django.core.exceptions import ValidationError

NOT_PRINTABLE = "not_printable"


def printable(text: str) -> None:
    """Raise ValidationError if the text has control characters, line breaks, NUL or invisible direction marks."""
    if not text.isprintable():
        raise ValidationError("Use a single line without control characters.", code=NOT_PRINTABLE)


def printable_lines(text: str) -> None:
    """Raise ValidationError if one of the lines is not printable."""
    if not all(line.isprintable() for line in text.replace("\r\n", "\n").split("\n")):
        raise ValidationError("Remove tabs and other control characters.", code=NOT_PRINTABLE)
