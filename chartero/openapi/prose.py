"""What the document says in words; every code, scope, route and limit in it comes from the catalogues."""

from encounters.api.filters import EncounterFilter
from partners.api.responses import ALLOWED_METHODS, REALM
from partners.catalogue.reasons import Reason, Stage
from partners.catalogue.routes import Route, Scope
from partners.keys.tokens import LIVE_PREFIX, TEST_PREFIX

LIMIT, OFFSET, START_AT, END_AT = (f"`{name}`" for name in ("limit", "offset", "start_at", "end_at"))
TAGS = {
    "encounters": "Encounters of the caller's organization.",
    "documents": "The clinical documents of an encounter.",
}

_NO_QUERY = f"Any query parameter is `{Reason.UNSUPPORTED_FILTER.code}`."
_OF_AN_ENCOUNTER = f"""\
The checks of the encounter come first, with their own codes. A document of another encounter is
`{Reason.DOCUMENT_NOT_FOUND.code}`. {_NO_QUERY}"""


def tags() -> list[dict[str, str]]:
    """Return the groups of routes in the catalogue's order."""
    names = dict.fromkeys(tag(route) for route in Route)
    return [{"name": name, "description": TAGS[name]} for name in names]


def tag(route: Route) -> str:
    """Return the group of a route."""
    return route.route_name.partition(".")[0]


def of_route(route: Route) -> str:
    """Return what holds for one route."""
    scopes = " ".join(f"`{scope}`" for scope in route.scopes)
    return f"{_ROUTES[route]}\n\nRoute: `{route.route_name}`. Required scopes: {scopes}."


def _checks() -> str:
    """Return the order of the checks as a list, stage by stage."""
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
Send the API key with every call as `Authorization: Bearer <api_key>`: the scheme in any case, one or more spaces, and
the key, which is all the rest. A blank, a comma or a tab inside makes it `{Reason.MALFORMED_TOKEN.code}`, and so does a
second such header. No other header, no cookie and no query parameter is read. Keys begin with `{LIVE_PREFIX}`; test
keys, with `{TEST_PREFIX}`, are accepted only where all data is synthetic.

A key needs every scope that a route requires, its organization has to be allowlisted, and the route has to be enabled
for it. Nothing is from the start, and a change holds for the next call.

| scope | what may be read |
| --- | --- |
{_SCOPES}
"""

CONTRACT = f"""\
The clinical encounters of your organization, and their documents. JSON in UTF-8, whatever `Accept` says.

## Authentication

{AUTHENTICATION}
## The order of the checks

The first check that fails decides the answer.

{_checks()}

A wrong secret is always `{Reason.INVALID_KEY.code}`: a key's state is told only to who holds the key.

## Errors

Every answer but 200 has the same four keys. Branch on `reason_code`, which is stable; new codes may come, so treat one
that you do not know by its status. `message` is for a person and may change; `field` names the one query parameter at
fault, or is null. Send the same call again after {_codes(503)} when `Retry-After` has passed, once after
{_codes(500)}, and after any other refusal not before its cause is gone. A 401 carries `WWW-Authenticate: {REALM}`.

Any other path below `/external/` is `{Reason.ROUTE_NOT_FOUND.code}`, before authentication. A Host that this deployment
does not answer for is `{Reason.BAD_REQUEST.code}`, and so is a request that cannot be read: a request line over 8,190
bytes, a header over 8,190 bytes, over 100 headers, or bytes in them that HTTP does not allow. A body is never read.
A call over plain http is `{Reason.HTTPS_REQUIRED.code}`, whatever its path and its key, and is not redirected: have the
key that came with it rotated. A sandbox may take plain http.

## Methods

{_METHODS} only. `HEAD` is answered as `GET` is: the same checks, status and headers, `Content-Length` too, and no body.
It is not repeated below. Any other method, `OPTIONS` too, is `{Reason.METHOD_NOT_ALLOWED.code}` with `Allow`, once the
call has passed the checks of who calls and of what they may call; until then it is refused as `GET` would be. There is
no CORS: call from a server, not from a browser.

## Changes of this version

A change within version 1 may add routes, keys of an object that is served, optional parameters, reason codes and values
of `schema_type`, `workflow_variant` and `provider`. Write a client that passes over what it does not know. Anything
else would be a new version, under another prefix.

## Paths, ids and queries

No path ends with a slash, and nothing is redirected. Ids are opaque: nothing can be read from one. Any string may come
in an id's place, and what is no id does not exist; but a `/`, as `%2F` too, makes another path. A query string is split
at `&` only, empty segments are ignored, and percent-escapes are decoded once. A parameter that the route does not know
is `{Reason.UNSUPPORTED_FILTER.code}`, and `field` names the first.

## Answers

Every key is always there, null where the schema says so. Times are UTC in RFC 3339 with `Z`, with a fraction of six
digits only where it is not zero. Every answer carries `X-Request-ID`, `Cache-Control: no-store` and
`X-Content-Type-Options: nosniff`; none has an `ETag`, sets a cookie or is a 304.
"""

_ROUTES = {
    Route.ENCOUNTERS_LIST: f"""\
Ordered by `created_at` in the asked direction, then by `encounter_id`, by code point, in the same direction. Demo and
training encounters are never listed or counted. `total` is the exact number of matches; it and the page come from one
snapshot.

Pages of several calls do not: between two of them encounters may come and go, and {OFFSET} then passes over one or
repeats one. Page within a window of {START_AT} and {END_AT} that has closed, oldest first. Beyond {OFFSET}
{_LAST_OFFSET} narrow the window. A window is one of `created_at`: it does not bring back encounters that have changed
since, so read those again by their ids or by their old window, and compare `updated_at`.

{START_AT} must be earlier than {END_AT}; else the call is `{Reason.INVALID_QUERY.code}`, and `field` is null.""",
    Route.ENCOUNTERS_DETAIL: f"One item as `{Route.ENCOUNTERS_LIST.route_name}` has it. {_NO_QUERY}",
    Route.DOCUMENTS_DETAIL: f"""\
With `schema_type` `document` it has its `content`, with `ambient_transcript` its `audio_duration_seconds`. Any other
type is `{Reason.UNSUPPORTED_DOCUMENT_TYPE.code}`. {_OF_AN_ENCOUNTER}""",
    Route.DOCUMENTS_TRANSCRIPT: f"""\
Of a finalized ambient transcript only: one that is not `completed` or `amended`, or has no turns, is
`{Reason.TRANSCRIPT_NOT_FOUND.code}`, and another type `{Reason.UNSUPPORTED_DOCUMENT_TYPE.code}`. `start` and `end` are
seconds from the start of the recording. {_OF_AN_ENCOUNTER}""",
    Route.DOCUMENTS_AUDIO: f"""\
A signed URL that works until `expires_at`, for minutes, without the API key: fetch the recording from it at once, do
not keep it, and ask for a new one when it has ended. An ambient transcript without a recording is
`{Reason.AUDIO_NOT_FOUND.code}`, and another type `{Reason.UNSUPPORTED_DOCUMENT_TYPE.code}`. {_OF_AN_ENCOUNTER}""",
}
