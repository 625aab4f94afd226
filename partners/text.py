"""What a line of text may hold that staff give: nothing that could hide in a page, a log or a terminal."""

from django.core.exceptions import ValidationError


def printable(text: str) -> None:
    """Raise ValidationError for control characters, line breaks, NUL and invisible direction marks."""
    if not text.isprintable():
        raise ValidationError("Write it on one line, without control characters.", code="not_printable")


def printable_lines(text: str) -> None:
    """Allow what `printable` allows, on any number of lines."""
    for line in text.replace("\r\n", "\n").split("\n"):
        printable(line)
