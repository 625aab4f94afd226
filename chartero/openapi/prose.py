"""The prose of the document. Every code, scope, route and limit in it comes from the catalogues."""

from encounters.api.filters import EncounterFilter
from encounters.changes.pruning import KEPT
from partners.api.responses import ALLOWED_METHODS, REALM
from partners.catalogue.reasons import Reason, Stage
from partners.catalogue.routes import Route, Scope
from partners.keys.tokens import LIVE_PREFIX, TEST_PREFIX

LIMIT, OFFSET, START_AT, END_AT, CURSOR = (f"`{name}`" for name in ("limit", "offset", "start_at", "end_at", "cursor"))
TAGS = {
    "encounters": "Encounters of your organization.",
    "documents": "The clinical documents of an encounter.",
    "changes": "What changed in the encounters of your organization.",
    "key": "Your own API key.",
}

_NO_QUERY = f"Any query parameter gives `{Reason.UNSUPPORTED_FILTER.code}`."
_OF_AN_ENCOUNTER = f"""\
The checks of the encounter come first, with their own codes. A document of another encounter gives
`{Reason.DOCUMENT_NOT_FOUND.code}`. {_NO_QUERY}"""


def tags() -> list[dict[str, str]]:
    """Return the groups of routes, in the order of the catalogue."""
    names = dict.fromkeys(tag(route) for route in Route)
    return [{"name": name, "description": TAGS[name]} for name in names]


def tag(route: Route) -> str:
    """Return the group of a route."""
    return route.route_name.partition(".")[0]


def operation_id(route: Route) -> str:
    """Return the name of a route without dots, which make generators repeat themselves."""
    return route.route_name.replace(".", "_")


def about(route: Route) -> str:
    """Return what the contract says about a route."""
    return _ROUTES[route]


def of_route(route: Route) -> str:
    """Return the description of one route: what the contract says, its name and its scopes."""
    scopes = " ".join(f"`{scope}`" for scope in route.scopes) or "none"
    return f"{about(route)}\n\nRoute: `{route.route_name}`. Required scopes: {scopes}."


def _checks() -> str:
    """Return the order of the checks as a numbered list of stages."""
    stages = [(stage, [reason for reason in Reason if reason.stage is stage]) for stage in Stage]
    return "\n".join(
        f"{number}. {stage.question} " + ", ".join(f"`{reason.code}` ({reason.status})" for reason in reasons)
        for number, (stage, reasons) in enumerate(stages, 1)
        if stage is not Stage.EDGE
    )


def _codes(status: int) -> str:
    return " and ".join(f"`{reason.code}`" for reason in Reason if reason.status == status)


_METHODS = " and ".join(f"`{method}`" for method in ALLOWED_METHODS)
_SCOPES = "\n".join(f"| `{scope}` | {scope.description} |" for scope in Scope)
_LAST_OFFSET = EncounterFilter.base_filters["offset"].grammar.schema["maximum"]

AUTHENTICATION = f"""\
Send the API key with every call as `Authorization: Bearer <api_key>`: the scheme in upper or lower case, one or more
spaces, then the key. A space, a comma or a tab inside the key gives `{Reason.MALFORMED_TOKEN.code}`, and so does a
second such header. No other header, cookie or query parameter is read. Keys begin with `{LIVE_PREFIX}`. Test keys begin
with `{TEST_PREFIX}` and are accepted only where all data is synthetic.

A key must have every scope that a route requires, its organization must be allowlisted, and the route must be enabled
for the organization. Nothing is enabled by default. A key can be limited to some networks: calls from elsewhere give
`{Reason.SOURCE_NOT_ALLOWED.code}`. A change takes effect with the next call. Only
`{Route.KEY_READ.route_name}` needs none of this: every valid key can call it.

| scope | what it gives access to |
| --- | --- |
{_SCOPES}
"""

CONTRACT = f"""\
Read your organization's clinical encounters and their documents. All responses are JSON in UTF-8, whatever `Accept`
says.

## Authentication

{AUTHENTICATION}
## The order of checks

The first check that fails decides the response.

{_checks()}

A wrong secret always gives `{Reason.INVALID_KEY.code}`. The state of a key is revealed only to callers who send the
whole key.

## Errors

Every response other than 200 has the same four keys. Branch on `reason_code`, which is stable. New codes may be added:
treat an unknown code by its status. `message` is for people and may change. `field` is the query parameter at fault, or
null. After {_codes(429)}, {_codes(503)}, wait for `Retry-After` and send the call again. After {_codes(500)}, retry
once. After any other refusal, retry only when the cause is fixed. A 401 has the header `WWW-Authenticate: {REALM}`.

Any other path under `/external/` gives `{Reason.ROUTE_NOT_FOUND.code}`, before authentication. A Host that this
deployment doesn't serve gives `{Reason.BAD_REQUEST.code}`. So does a request that can't be read: a request line over
8,190 bytes, a header over 8,190 bytes, more than 100 headers, or bytes in them that HTTP doesn't allow. A body is never
read. A call over plain http gives `{Reason.HTTPS_REQUIRED.code}`, whatever its path and key, and is not redirected. The
key in such a call must be rotated. A sandbox may accept plain http.

## Methods

{_METHODS} only. `HEAD` is answered like `GET`, with the same checks, status and headers, including `Content-Length`,
but without a body. It is not repeated below. Any other method, including `OPTIONS`, gives
`{Reason.METHOD_NOT_ALLOWED.code}` with `Allow`, after the checks of the caller and of access to the route. Until then
it is refused as `GET` would be. There is no CORS: call from a server, not from a browser.

## Changes in this version

Within version 1, these may be added: routes, keys of a served object, optional parameters, reason codes, and values of
`schema_type`, `workflow_variant` and `provider`. Make sure that your client ignores what it doesn't know. Any other
change would be a new version, with another prefix.

## Paths, ids and queries

No path ends with a slash, and nothing is redirected. Ids are opaque: don't derive anything from them. You can send any
string in place of an id, and one that is not an id is not found. But a `/`, even as `%2F`, makes a different path. A
query string is split at `&` only, empty segments are ignored, and percent-escapes are decoded once. An unknown
parameter gives `{Reason.UNSUPPORTED_FILTER.code}`, and `field` is the first one.

## Responses

Every key is always present, with null where the schema allows it. Times are in UTC, in RFC 3339 with `Z`, with a
fraction of six digits only if it is not zero. Every response has the headers `X-Request-ID`, `Cache-Control: no-store`
and `X-Content-Type-Options: nosniff`. No response has an `ETag`, sets a cookie or is a 304.
"""

_ROUTES = {
    Route.ENCOUNTERS_LIST: f"""\
Ordered by `created_at` and then by `encounter_id` (by code point), both in the requested direction. Demo and training
encounters are never listed or counted. `total` is the exact number of matches. It comes from the same snapshot as the
page.

Pages of different calls don't share a snapshot: encounters can be added or withdrawn between two calls, and {OFFSET}
then skips or repeats one. Page through a window of {START_AT} and {END_AT} that is in the past, oldest first. To go
beyond {OFFSET} {_LAST_OFFSET}, narrow the window. A window selects by `created_at` and does not show encounters that
have changed since. `{Route.CHANGES_LIST.route_name}` does.

{START_AT} must be earlier than {END_AT}. Otherwise the call gives `{Reason.INVALID_QUERY.code}`, with `field` null.""",
    Route.ENCOUNTERS_DETAIL: f"Returns one item of `{Route.ENCOUNTERS_LIST.route_name}`. {_NO_QUERY}",
    Route.DOCUMENTS_DETAIL: f"""\
If `schema_type` is `document`, the response has `content`. If it is `ambient_transcript`, the response has
`audio_duration_seconds`. Any other type gives `{Reason.UNSUPPORTED_DOCUMENT_TYPE.code}`. {_OF_AN_ENCOUNTER}""",
    Route.DOCUMENTS_TRANSCRIPT: f"""\
Only for final ambient transcripts. One that is not `completed` or `amended`, or has no turns, gives
`{Reason.TRANSCRIPT_NOT_FOUND.code}`. Another type gives `{Reason.UNSUPPORTED_DOCUMENT_TYPE.code}`. `start` and `end`
are in seconds from the start of the recording. {_OF_AN_ENCOUNTER}""",
    Route.DOCUMENTS_AUDIO: f"""\
Returns a signed URL that works for a few minutes, until `expires_at`, without the API key. Fetch the recording
immediately, and don't store the URL. After it expires, get a new one. An ambient transcript without a recording gives
`{Reason.AUDIO_NOT_FOUND.code}`. Another type gives `{Reason.UNSUPPORTED_DOCUMENT_TYPE.code}`. {_OF_AN_ENCOUNTER}""",
    Route.CHANGES_LIST: f"""\
Pointers to encounters that became available to you, were updated or were withdrawn, in the order in which the changes
became visible. `available` and `updated`: read the encounter by its id and store it. `withdrawn`: it is not served now,
so remove it. An update is any change to what you can read: of the encounter, its patient, or one of its documents. A
page has each encounter at most once, with its latest change, so it can have fewer items than `limit` although
`has_more` is true.

`next_cursor` is always present. Store it and continue from it, at once if `has_more` is true, and otherwise later. It
can be used more than once. Changes are kept for {KEPT.days} days. A cursor expires once a change after it is deleted,
and then gives `{Reason.CURSOR_EXPIRED.code}`. It also expires if we restore our data from a backup, or change
whether you receive names. Without {CURSOR}, the first page begins with the oldest change that is kept.

Encounters from before then have no change in it. To begin, read the changes to the end, then all of
`{Route.ENCOUNTERS_LIST.route_name}`, and then continue from that cursor. A cursor belongs to one organization:
all of its keys can use it, and that of another gives `{Reason.INVALID_QUERY.code}`. Any other parameter gives
`{Reason.UNSUPPORTED_FILTER.code}`.""",
    Route.KEY_READ: f"""\
Describes the key that the call is made with, and no other key. Every valid key can call it, whatever its organization
and its scopes, so it responds when all other routes refuse the key. Use it to be warned before the key expires.

`routes` has every other route. `allowed` is true if a call with this key, from the network of this call, would pass the
checks of access now. Otherwise
`reason_code` is the first refusal. `organization_id` is null for a key without an organization, `expires_at` for a key
that doesn't expire, and `rotated_at` for a key that has no successor. {_NO_QUERY}""",
}
