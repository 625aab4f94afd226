"""Text that is safe on a terminal."""


def escaped(text: str) -> str:
    """Return `text` with escapes for the characters that could control a terminal or hide in a line."""
    return "".join(each if each.isprintable() else each.encode("unicode_escape").decode() for each in text)
