"""Notes that are stored in a Binary of the same export instead of in the document. They are never fetched by URL."""

from collections.abc import Iterator

from encounters.fhir import attachments, references
from encounters.fhir.index import Binary, Index
from encounters.fhir.items import Item
from encounters.importing.reading import limits
from encounters.importing.reading.elements import Json, member, objects, text
from encounters.importing.reading.files import BINARY

# Longer data, in base64, is too long for a note in any case.
LONGEST_DATA = limits.LONGEST_TEXT * 2


def remember(item: Item, index: Index) -> None:
    """Keep a Binary for the rest of the run if it is text."""
    content_type, data = text(item.body.get("contentType")), text(item.body.get("data"))
    if (
        content_type
        and data
        and len(data) <= LONGEST_DATA
        and attachments.media_type(item.body) in attachments.READABLE
    ):
        index.add_binary(item.scope, item.target, Binary(content_type, data))


def joined(item: Item, index: Index) -> Item:
    """Return a document with the data of the Binaries that its attachments refer to."""
    found = list(_attachments(item, index))
    if not any(binary for _, binary in found):
        return item
    content = [{"attachment": file | (binary.as_attachment() if binary else {})} for file, binary in found]
    weight = sum(len(binary.data) for _, binary in found if binary)
    return item._replace(body=item.body | {"content": content}, weight=item.weight + weight)


def _attachments(item: Item, index: Index) -> Iterator[tuple[Json, Binary | None]]:
    for each in objects(item.body.get("content")):
        file = member(each, "attachment")
        if isinstance(file, dict):
            url = None if file.get("data") else text(file.get("url"))
            yield file, _looked_up(url, item, index) if url else None


def _looked_up(url: str, item: Item, index: Index) -> Binary | None:
    target = index.target(references.parse_text(url), item.scope, item.server)
    return index.binary(item.scope, target) if target and target.type in (None, BINARY) else None
