"""The filtered calls as a CSV file, without what they disclosed. The export itself is recorded first."""

from django.http import HttpRequest, HttpResponse

from partners.admin.lists import exports
from partners.admin.requests.filters import RequestFilter
from partners.formats.moments import to_milliseconds
from partners.models import RequestRecord

COLUMNS = (
    "occurred_at",
    "request_id",
    "organization",
    "organization_id",
    "key_label",
    "key_public_part",
    "method",
    "call",
    "status",
    "reason_code",
    "encounters",
    "duration_ms",
    "address",
    "new_network",
)


def answer(request: HttpRequest, form: RequestFilter) -> HttpResponse:
    """Record the export, then return the file in pieces. The form must be valid."""
    return exports.answer(request, "Requests", exports.of_record(form.search(), COLUMNS, row), form.address)


def row(record: RequestRecord) -> list[str | None]:
    """Return the cells of one call."""
    return [
        to_milliseconds(record.occurred_at),
        record.request_id,
        *exports.owners(record.organization, record.api_key),
        record.method,
        record.route or record.path,
        str(record.status),
        record.reason_code,
        str(record.count),
        f"{record.microseconds / 1_000:.1f}",
        record.address,
        "yes" if record.new_network else "no",
    ]
