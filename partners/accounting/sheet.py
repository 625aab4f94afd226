"""The accounting of disclosures as a CSV file: one line for each disclosure, with everything the law requires."""

from collections.abc import Iterable, Iterator

from partners.accounting.disclosures import Accounting, Disclosed
from partners.formats import sheets
from partners.formats.moments import to_milliseconds

COLUMNS = (
    "disclosed_at",
    "recipient",
    "organization_id",
    "key_label",
    "key_public_part",
    "disclosed",
    "encounter_ids",
    "document_id",
    "purpose",
    "request_id",
)


def lines(accounting: Accounting, disclosures: Iterable[Disclosed]) -> Iterator[str]:
    """Yield the lines of the file."""
    return sheets.lines(COLUMNS, (_row(accounting, each) for each in disclosures))


def _row(accounting: Accounting, each: Disclosed) -> list[str | None]:
    return [
        to_milliseconds(each.occurred_at),
        accounting.organization.name,
        accounting.organization.public_id,
        each.key.label,
        each.key.quotable,
        each.what,
        " ".join(each.encounters),
        each.document,
        each.purpose,
        each.request_id,
    ]
