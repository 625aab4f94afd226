"""The contract stated anew, from a situation to the answer. It imports no policy and no catalogue of reasons."""

from dataclasses import replace

from partners.catalogue.routes import Route
from tests.agreement.situations import (
    ALTERED,
    DOCUMENT_PATHS,
    GOOD_HEADERS,
    INVALID_CURSORS,
    NO_BEARERS,
    PATHS,
    REQUIRED,
)


def has_fault(name):
    return lambda s: s.path == "list" and name in s.faults


def on_granted(holds):
    return lambda s: s.path != "key" and holds(s)


def on_encounter(holds):
    return lambda s: s.path not in ("list", "changes", "key") and holds(s)


def on_document(holds, *paths):
    return lambda s: s.path in (paths or DOCUMENT_PATHS) and holds(s)


def unsupported(s):
    return bool({"list": s.faults & {"unknown"}, "changes": s.faults - {"limit"}}.get(s.path, s.faults))


def on_changes(holds):
    return lambda s: s.path == "changes" and holds(s)


def route_of(s):
    return Route.named(PATHS[s.path])


CONTRACT = [
    (404, "route_not_found", lambda s: s.path not in PATHS),
    (401, "missing_bearer", lambda s: s.header in NO_BEARERS),
    (401, "api_keys_disabled", lambda s: not s.switched_on),
    (401, "test_prefix_not_allowed", lambda s: s.is_test and not s.accepts_test and s.header not in ALTERED),
    (401, "malformed_token", lambda s: s.header not in GOOD_HEADERS or s.damage),
    (503, "digest_key_unavailable", lambda s: not s.loaded or (s.secret != "unknown" and s.number not in s.loaded)),
    (401, "invalid_key", lambda s: s.secret != "own"),
    (401, "disabled_key", lambda s: s.disabled),
    (401, "revoked_key", lambda s: s.revoked),
    (401, "expired_key", lambda s: s.expired),
    (403, "source_not_allowed", on_granted(lambda s: s.networks in ("elsewhere", "other version"))),
    (403, "org_scope_only_required", on_granted(lambda s: not s.has_organization)),
    (403, "organization_not_allowlisted", on_granted(lambda s: not s.allowlisted)),
    (403, "route_not_allowed", on_granted(lambda s: route_of(s) not in s.routes)),
    (403, "missing_scope", on_granted(lambda s: not s.scopes >= REQUIRED[s.path])),
    (429, "rate_limited", on_granted(lambda s: s.reached)),
    (405, "method_not_allowed", lambda s: s.method not in ("GET", "HEAD")),
    (400, "unsupported_filter", unsupported),
    (422, "invalid_limit", lambda s: s.path in ("list", "changes") and "limit" in s.faults),
    (422, "invalid_offset", has_fault("offset")),
    (422, "invalid_sort", has_fault("sort_order")),
    (422, "invalid_query", lambda s: s.path == "list" and s.faults & {"start_at", "end_at", "range"}),
    (422, "invalid_query", on_changes(lambda s: s.cursor in INVALID_CURSORS)),
    (410, "cursor_expired", on_changes(lambda s: s.cursor == "expired")),
    (404, "encounter_not_found", on_encounter(lambda s: s.encounter in ("withdrawn", "unknown", "no id"))),
    (403, "cross_organization_denied", on_encounter(lambda s: not s.mine)),
    (403, "demo_training_denied", on_encounter(lambda s: s.encounter in ("demo", "training"))),
    (404, "document_not_found", on_document(lambda s: s.document in ("elsewhere", "withdrawn", "unknown", "no id"))),
    (400, "unsupported_document_type", on_document(lambda s: s.document == "scanned")),
    (400, "unsupported_document_type", on_document(lambda s: s.document == "note", "transcript", "audio")),
    (404, "transcript_not_found", on_document(lambda s: s.document in ("draft", "bare"), "transcript")),
    (404, "audio_not_found", on_document(lambda s: s.document == "bare", "audio")),
    (200, "", lambda s: True),
]
CODES = [code for _, code, _ in CONTRACT]
ACCESS = [each for each in CONTRACT if each[0] == 403][:5]


def contract(situation):
    return next((status, code) for status, code, holds in CONTRACT if holds(situation))


def contract_field(code, query):
    """Return the parameter at fault; of times and cursors, the first that has a fault, and none for a range."""
    fixed = {"invalid_limit": "limit", "invalid_offset": "offset", "invalid_sort": "sort_order"}
    fixed |= {"cursor_expired": "cursor"}
    if code == "unsupported_filter":
        return query.unknown_field
    if code == "invalid_query":
        return next((name for name in ("start_at", "end_at", "cursor") if name in query.broken), None)
    return fixed.get(code)


def contract_routes(situation):
    """Return what a key is told of each route that is not open: its name and the first refusal of checks 8–11."""
    others = {name: replace(situation, path=path) for path, name in PATHS.items() if path != "key"}
    return [(name, next((code for _, code, holds in ACCESS if holds(s)), None)) for name, s in others.items()]


def denied_by(situation):
    """Return every code that the situation calls for, whatever decides."""
    return {code for _, code, holds in CONTRACT if holds(situation)}
