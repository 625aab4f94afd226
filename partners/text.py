"""Validators for text that staff enter. Nothing may hide in a page, a log or a terminal."""

from django.core.exceptions import ValidationError


def printable(text: str) -> None:
    """Raise ValidationError if the text has control characters, line breaks, NUL or invisible direction marks."""
    if not text.isprintable():
        raise ValidationError("Use a single line without control characters.", code="not_printable")


def printable_lines(text: str) -> None:
    """Raise ValidationError if one of the lines is not printable."""
    for line in text.replace("\r\n", "\n").split("\n"):
        printable(line)
