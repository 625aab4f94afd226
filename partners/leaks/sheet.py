"""What keys read as a CSV file, for a breach notice: a line for each patient, encounter, document and network."""

from collections.abc import Iterator

from partners.formats import sheets
from partners.formats.moments import rfc3339
from partners.leaks.reads import KINDS, Reads

COLUMNS = ("organization", "organization_id", "key_label", "key_public_part", "kind", "id", "first", "last", "calls")
GONE = "no longer stored"


def lines(*of_keys: Reads) -> Iterator[str]:
    """Yield the lines of the file."""
    return sheets.lines(COLUMNS, (row for reads in of_keys for row in _rows(reads)))


def _rows(reads: Reads) -> Iterator[list[str | None]]:
    organization = reads.key.organization
    owner = [organization.name, organization.public_id] if organization else [None, None]
    for kind in KINDS:
        for each in reads.each(kind):
            times = [rfc3339(each.first), rfc3339(each.last)]
            yield [*owner, reads.key.label, reads.key.quotable, kind, each.id or GONE, *times, str(each.calls)]
