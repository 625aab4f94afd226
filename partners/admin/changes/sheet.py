"""The filtered changes as a CSV file. The export itself is recorded first."""

import json

from django.http import HttpRequest, HttpResponse

from partners.admin.changes.filters import ChangeFilter
from partners.admin.lists import exports
from partners.formats.moments import to_milliseconds
from partners.models import ChangeEvent

COLUMNS = (
    "occurred_at",
    "change",
    "person",
    "address",
    "organization",
    "organization_id",
    "key_label",
    "key_public_part",
    "before",
    "after",
    "reason",
    "ticket",
    "approved_by",
    "change_id",
)


def answer(request: HttpRequest, form: ChangeFilter) -> HttpResponse:
    """Record the export, then return the file in pieces. The form must be valid."""
    return exports.answer(request, "Changes", exports.of_record(form.search(), COLUMNS, row), form.address)


def row(event: ChangeEvent) -> list[str | None]:
    """Return the cells of one change."""
    return [
        to_milliseconds(event.occurred_at),
        event.get_action_display(),
        event.by,
        event.source,
        *exports.owners(event.organization, event.api_key),
        _json(event.before),
        _json(event.after),
        event.reason,
        event.ticket,
        event.approved_by,
        str(event.pk),
    ]


def _json(values: dict[str, object]) -> str:
    return json.dumps(values, ensure_ascii=False) if values else ""
