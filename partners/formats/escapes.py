"""Text that is safe on a terminal."""


def escaped(text: str) -> str:
    """Return `text` with what could steer a terminal or hide in a line written as an escape."""
    return "".join(each if each.isprintable() else each.encode("unicode_escape").decode() for each in text)
