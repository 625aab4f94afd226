"""A bare WSGI function: three statements at most, psycopg and orjson."""

import base64
import hmac
import os
import threading
from collections.abc import Callable
from datetime import datetime
from typing import Any
from urllib.parse import parse_qs

import orjson
import psycopg

from benchmarks.compare.limit import statements
from benchmarks.compare.limit.statements import Facts, Statement

DIGEST_KEY = base64.b64decode(os.environ["CHARTERO_DIGEST_KEYS"].partition(":")[2])
PUBLIC_PART = slice(len("ch_sk_"), len("ch_sk_") + 12)
LIST = "/external/v1/encounters"
SCOPES = {"encounters:read", "patients:read", "documents:read"}
place = threading.local()


def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> list[bytes]:
    """Answer a list or a detail; 403 for who may not see it, 404 for what is not there."""
    path = environ["PATH_INFO"]
    listing = path == LIST
    organization = allowed(environ.get("HTTP_AUTHORIZATION", ""), "encounters.list" if listing else "encounters.detail")
    if organization is None:
        return answered(start_response, "403 Forbidden", {})
    body = page(organization, environ["QUERY_STRING"]) if listing else encounter(organization, path[len(LIST) + 1 :])
    return answered(start_response, "404 Not Found" if body is None else "200 OK", body)


def answered(start_response: Callable[..., Any], status: str, body: Any) -> list[bytes]:
    """Send a status and a body."""
    content = orjson.dumps(body, option=orjson.OPT_UTC_Z)
    start_response(status, [("Content-Type", "application/json"), ("Content-Length", str(len(content)))])
    return [content]


def allowed(header: str, route: str) -> int | None:
    """Return the organization's primary key where the key is valid, its scopes suffice and the route is enabled."""
    token = header.removeprefix("Bearer ")
    digest = hmac.digest(DIGEST_KEY, token.encode(), "sha256")
    known = Facts(*fetched(statements.verdict(token[PUBLIC_PART], digest, route))[0])
    if known.digest is None or not hmac.compare_digest(known.digest, digest):
        return None
    ended = known.disabled or known.revoked or known.expired
    granted = known.switched_on and known.allowlisted and known.route_enabled
    return known.organization_pk if granted and not ended and SCOPES.issubset((known.scopes or "").split()) else None


def page(organization: int, query: str) -> dict[str, Any]:
    """Return a page of encounters and the number of all that match."""
    given = {name: values[0] for name, values in parse_qs(query).items()}
    limit, offset = int(given.get("limit", 50)), int(given.get("offset", 0))
    bounds = {name: datetime.fromisoformat(given[f"{name}_at"]) for name in ("start", "end") if f"{name}_at" in given}
    rows = fetched(statements.page(organization, limit, offset, bounds))
    items = [orjson.Fragment(row[3]) for row in rows if row[1] is not None]
    return {"items": items, "limit": limit, "offset": offset, "total": rows[0][0]}


def encounter(organization: int, public_id: str) -> dict[str, Any] | None:
    """Return one encounter of the organization."""
    rows = fetched(statements.encounter(public_id))
    if not rows or rows[0][:2] != (organization, "clinical"):
        return None
    return {"encounter": orjson.Fragment(rows[0][4])}


def fetched(statement: Statement) -> list[Any]:
    """Execute a statement, prepared at its first time on this thread's connection."""
    if not hasattr(place, "connection"):
        place.connection = psycopg.connect(os.environ["DATABASE_URL"], autocommit=True, **statements.SESSION)
    return place.connection.execute(*statement).fetchall()
