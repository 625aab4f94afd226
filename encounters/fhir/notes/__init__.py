"""The text of a note: decoded, read as HTML where it is HTML, and written as markdown that says the same."""

from encounters.fhir.notes.parsing import tree
from encounters.fhir.notes.writing import markdown


def from_html(html: str) -> str:
    """Return a note in HTML as markdown."""
    return markdown(tree(html))
