"""The facts of a call, read in one SQL statement: switch, key, organization, route grant, scopes and limits."""

import re
from collections.abc import Sequence
from functools import cache
from typing import Any, NamedTuple, cast

from django.conf import settings
from django.db import OperationalError, connection
from django.utils import timezone

from partners.catalogue.routes import Route
from partners.decision import limits
from partners.decision.address import UNKNOWN, network
from partners.decision.policy import AccessRequest
from partners.formats.moments import day_of
from partners.formats.networks import sortable
from partners.keys import digests, tokens
from partners.statements import Statement

_BEARER = re.compile(r"bearer +(?P<token>.+)", re.IGNORECASE | re.DOTALL)

_SWITCH = Statement("SELECT enabled FROM partners_apikeyswitch WHERE id = 1")

# The facts of a key are read only if it is verified, so that a wrong secret takes as long as an unknown key.
_FACTS = """
SELECT switch.enabled, key.public_id, key.digest, key.digest_key_number,
    key.disabled_at IS NOT NULL, key.revoked_at IS NOT NULL, key.expires_at <= %s,
    organization.id, organization.public_id, organization.allowlisted,
    EXISTS (SELECT 1 FROM partners_routegrant AS granted
        WHERE granted.organization_id = organization.id AND granted.route = %s),
    key.id, CASE WHEN key.verified THEN (SELECT {aggregate}(held.scope_id, ' ')
        FROM partners_apikey_scopes AS held WHERE held.apikey_id = key.id) END,
    key.verified AND EXISTS (SELECT 1 FROM partners_keyuse AS used
        WHERE used.api_key_id = key.id AND used.route = %s AND used.last_used_at >= %s),
    CASE WHEN key.verified THEN (SELECT COALESCE(met.last_served_at >= %s, FALSE) FROM partners_keynetwork AS met
        WHERE met.api_key_id = key.id AND met.network = %s) END,
    key.network_mode, CASE WHEN key.verified AND key.network_mode <> 'off'
        THEN EXISTS (SELECT 1 FROM partners_allowednetwork AS allowed
            WHERE allowed.api_key_id = key.id AND allowed.lowest <= %s AND allowed.highest >= %s) END,
    COALESCE(key.calls_per_minute, 0), COALESCE(organization.calls_per_minute, 0),
    CASE WHEN {key_limit_reached} OR {organization_limit_reached} THEN {seconds_left} ELSE 0 END
FROM partners_apikeyswitch AS switch
LEFT JOIN (SELECT *, {verified} AS verified FROM partners_apikey WHERE public_part = %s) AS key ON 1 = 1
LEFT JOIN partners_organization AS organization ON key.verified AND organization.id = key.organization_id
WHERE switch.id = 1
"""


class _Row(NamedTuple):
    """The statement's one row. It has only the switch if no key has that public part."""

    switched_on: bool
    key_id: str | None
    digest: bytes | None
    digest_key_number: int | None
    disabled: bool
    revoked: bool
    expired: bool | None
    organization_pk: int | None
    organization_id: str | None
    allowlisted: bool | None
    route_enabled: bool
    key_pk: int | None
    scopes: str | None
    use_noted: bool | None
    network_noted: bool | None
    network_mode: str | None
    from_allowed: bool | None
    key_limit: int
    organization_limit: int
    wait: int


class SwitchMissing(OperationalError):
    """The row of the global switch is missing; `manage.py migrate` creates it."""


def bearer_token(header: str) -> str | None:
    """Return everything after the scheme of an `Authorization` header, or None without a bearer (RFC 6750, 2.1).

    Whitespace around a header's value is not part of it (RFC 9110, 5.5).
    """
    match = _BEARER.fullmatch(header.strip(" \t"))
    return match and match["token"]


def of_call(header: str, route: Route, address: str | None) -> AccessRequest:
    """Return the facts of a call with this `Authorization` header: one SQL statement, or none without a bearer.

    `address` is None if nobody says where the call comes from. `UNKNOWN` is in none of a key's allowed networks.
    """
    text = bearer_token(header)
    if text is None:
        return AccessRequest(route, bearer=False)
    token = tokens.parse(text)
    shown: dict[str, Any] = {
        "bearer": True,
        "test_prefix": tokens.has_test_prefix(text),
        "accepts_test_keys": settings.ACCEPT_TEST_KEYS,
        "well_formed": token is not None,
    }
    if token is None or (token.is_test and not settings.ACCEPT_TEST_KEYS):
        return AccessRequest(route, switched_on=_switched_on(), **shown)
    return AccessRequest(route, **shown, **_stored(route, token.public_part, token, address))


def of_holder(public_part: str, *, is_test: bool, route: Route, address: str | None = None) -> AccessRequest:
    """Return the facts of a call by the holder of the key with that public part."""
    return AccessRequest(
        route,
        bearer=True,
        test_prefix=is_test,
        accepts_test_keys=settings.ACCEPT_TEST_KEYS,
        well_formed=True,
        **_stored(route, public_part, None, address),
    )


def _stored(route: Route, public_part: str, token: tokens.Token | None, address: str | None) -> dict[str, Any]:
    row = _Row(*_read(route, public_part, token, address or UNKNOWN))
    loaded = digests.loaded()
    digest_key_loaded = bool(loaded) if row.digest_key_number is None else row.digest_key_number in loaded
    secret_matches = _secret_matches(token, row) if digest_key_loaded or token is None else None
    return {
        "switched_on": bool(row.switched_on),
        "digest_key_loaded": digest_key_loaded,
        "secret_matches": secret_matches,
        **(_of_key(row) | _of_source(row, address) if secret_matches else {}),
        **(_of_organization(row) if row.organization_pk is not None else {}),
    }


def _read(route: Route, public_part: str, token: tokens.Token | None, address: str) -> Sequence[Any]:
    now, name = timezone.now(), route.route_name
    minute, source = now.replace(second=0, microsecond=0), b"" if address == UNKNOWN else sortable(address)
    candidates = [] if token is None else digests.candidates(token.text)
    statement = _facts(connection.vendor, None if token is None else len(candidates))
    of_call = now, name, name, minute, day_of(now), network(address), source, source
    return _one_row(statement, *of_call, *candidates, public_part)


def _of_key(row: _Row) -> dict[str, Any]:
    return {
        "key_pk": row.key_pk,
        "key_id": row.key_id,
        "digest_key_number": row.digest_key_number,
        "disabled": bool(row.disabled),
        "revoked": bool(row.revoked),
        "expired": bool(row.expired),
        "scopes": frozenset((row.scopes or "").split()),
        "use_noted": bool(row.use_noted),
        "network_known": row.network_noted is not None,
        "network_noted": bool(row.network_noted),
        "key_limit": row.key_limit,
        "organization_limit": row.organization_limit,
        "wait": row.wait,
    }


def _of_source(row: _Row, address: str | None) -> dict[str, Any]:
    """Return whether the key may be used from this address. Without one that is unknown if networks are enforced."""
    outside, enforced = not row.from_allowed, row.network_mode == "enforce"
    unknown = enforced and address is None
    return {
        "source_allowed": None if unknown else not (enforced and outside),
        "source_watched": row.network_mode == "watch" and address is not None and outside,
    }


def _of_organization(row: _Row) -> dict[str, Any]:
    return {
        "organization_pk": row.organization_pk,
        "organization_id": row.organization_id,
        "allowlisted": bool(row.allowlisted),
        "route_enabled": bool(row.route_enabled),
    }


@cache
def _facts(vendor: str, candidates: int | None) -> Statement:
    """Return the statement for that many candidate digests, or for None the one that trusts the public part alone."""
    given = "1 = 1" if candidates is None else "1 = 0"
    verified = f"digest IN ({', '.join(['%s'] * candidates)})" if candidates else given
    aggregate = {"postgresql": "string_agg", "sqlite": "group_concat"}[vendor]
    return Statement(_FACTS.format(verified=verified, aggregate=aggregate, **limits.conditions(vendor)))


def _secret_matches(token: tokens.Token | None, row: _Row) -> bool:
    if token is None:
        return row.digest is not None
    return digests.matches(token.text, row.digest, row.digest_key_number)


def _switched_on() -> bool:
    return bool(_one_row(_SWITCH)[0])


def _one_row(statement: Statement, *values: Any) -> Sequence[Any]:
    rows = statement.rows(*values)
    if not rows:
        raise SwitchMissing
    return cast(Sequence[Any], rows[0])
