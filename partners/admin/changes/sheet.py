"""The filtered changes as a CSV file. The export itself is recorded first."""

import json
from datetime import UTC

from django.http import HttpRequest, HttpResponse

from partners.admin.changes.filters import ChangeFilter
from partners.admin.lists import exports
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
    organization, key = event.organization, event.api_key
    of_organization = [organization.name, organization.public_id] if organization else [None, None]
    of_key = [key.label, key.quotable] if key else [None, None]
    return [
        event.occurred_at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        event.get_action_display(),
        event.by,
        event.source,
        *of_organization,
        *of_key,
        _json(event.before),
        _json(event.after),
        event.reason,
        event.ticket,
        event.approved_by,
        str(event.pk),
    ]


def _json(values: dict[str, object]) -> str:
    return json.dumps(values, ensure_ascii=False) if values else ""
