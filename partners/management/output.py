"""How commands report a row: as facts for machines, and as text that is safe to print on a terminal."""

from typing import Any

from partners.formats.escapes import escaped
from partners.formats.moments import rfc3339
from partners.models import ApiKey, Approval, KeyHandover, Organization

NOTHING = "–"


def of_organization(organization: Organization) -> dict[str, Any]:
    """Return which routes an organization may call."""
    return {
        "organization_id": organization.public_id,
        "name": organization.name,
        "allowlisted": organization.allowlisted,
        "routes": organization.enabled_routes(),
    }


def of_key(key: ApiKey) -> dict[str, Any]:
    """Return what staff may know about a key: never the secret or its digest."""
    return {
        "organization_id": key.organization and key.organization.public_id,
        "key_id": key.public_id,
        "public_part": key.public_part,
        "test": key.is_test,
        "label": key.label,
        "state": key.state.value,
        "expires_at": rfc3339(key.expires_at),
        "scopes": [scope.name for scope in key.scopes.all()],
    }


def of_handover(handover: KeyHandover) -> dict[str, Any]:
    """Return what staff may know about a link: never its token."""
    return {
        "link": handover.pk,
        "organization_id": handover.organization.public_id,
        "label": handover.label,
        "replaced_key_id": handover.replaces and handover.replaces.public_id,
        "state": handover.state.value,
        "sent_to": handover.sent_to,
        "link_expires_at": rfc3339(handover.link_expires_at),
    }


def of_approval(approval: Approval | None) -> dict[str, Any]:
    """Return the request that another person must approve; nothing if there is none."""
    return {} if approval is None else {"approval": approval.pk, "approval_state": approval.state.value}


def plain(value: Any) -> str:
    """Return one value of a report as text for people."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return escaped(", ".join(value) if isinstance(value, list) else str("" if value is None else value)) or NOTHING


def aligned(report: dict[str, Any]) -> list[str]:
    """Return a report as `name  value` lines."""
    return table([[name, plain(value)] for name, value in report.items()])


def table(rows: list[list[str]]) -> list[str]:
    """Return rows of printable cells as lines whose columns are aligned."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
