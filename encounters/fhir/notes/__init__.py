"""Convert the text of a note: decode it, parse HTML, and write markdown with the same content."""

from encounters.fhir.notes.parsing import tree
from encounters.fhir.notes.writing import markdown


def from_html(html: str) -> str:
    """Return a note in HTML as markdown."""
    return markdown(tree(html))
