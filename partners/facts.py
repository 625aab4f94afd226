"""The facts of a call, read in one SQL statement: switch, key, organization, route grant and scopes."""

import re
from functools import cache
from typing import Any

from django.conf import settings
from django.db import OperationalError, connection
from django.utils import timezone

from partners import digests, tokens
from partners.access import AccessRequest
from partners.routes import Route

_BEARER = re.compile(r"bearer +(?P<token>.+)", re.IGNORECASE | re.DOTALL)

_SWITCH = "SELECT enabled FROM partners_apikeyswitch WHERE id = 1"

# What belongs to a key is read only for a verified one, so that a wrong secret takes as long as an unknown key.
_FACTS = """
SELECT switch.enabled, key.public_id, key.digest, key.digest_key_number,
       key.disabled_at IS NOT NULL, key.revoked_at IS NOT NULL, key.expires_at <= %s,
       organization.id, organization.public_id, organization.allowlisted, route.id IS NOT NULL, held.scope_id
FROM partners_apikeyswitch AS switch
LEFT JOIN partners_apikey AS key ON key.public_part = %s
LEFT JOIN partners_organization AS organization ON organization.id = CASE WHEN {verified} THEN key.organization_id END
LEFT JOIN partners_routegrant AS route ON route.organization_id = organization.id AND route.route = %s
LEFT JOIN partners_apikey_scopes AS held ON held.apikey_id = CASE WHEN {verified} THEN key.id END
WHERE switch.id = 1
"""


class SwitchMissing(OperationalError):
    """The row of the global switch is not there; `manage.py migrate` makes it."""


def bearer_token(header: str) -> str | None:
    """Return the token of an `Authorization` header, which is all after the scheme; None without one (RFC 6750, 2.1).

    The field's surrounding blanks are not part of its value (RFC 9110, 5.5).
    """
    match = _BEARER.fullmatch(header.strip(" \t"))
    return match and match["token"]


def of_call(header: str, route: Route) -> AccessRequest:
    """Return the facts of a call with this `Authorization` header: no statement without a bearer, one otherwise."""
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
    return AccessRequest(route, **shown, **_stored(route, token.public_part, token))


def of_holder(public_part: str, *, is_test: bool, route: Route) -> AccessRequest:
    """Return the facts of a call by who holds the key of that public part."""
    return AccessRequest(
        route,
        bearer=True,
        test_prefix=is_test,
        accepts_test_keys=settings.ACCEPT_TEST_KEYS,
        well_formed=True,
        **_stored(route, public_part, None),
    )


def _stored(route: Route, public_part: str, token: tokens.Token | None) -> dict[str, Any]:
    now = connection.ops.adapt_datetimefield_value(timezone.now())
    candidates = [] if token is None else digests.candidates(token.text)
    with connection.cursor() as cursor:
        sql = _facts_sql(None if token is None else len(candidates))
        cursor.execute(sql, [now, public_part, *candidates, route.route_name, *candidates])
        rows = cursor.fetchall()
    if not rows:
        raise SwitchMissing
    enabled, key_id, digest, number, disabled, revoked, expired, pk, organization_id, allowlisted, granted, _ = rows[0]
    loaded = digests.loaded()
    digest_key_loaded = bool(loaded) if number is None else number in loaded
    secret_matches = _secret_matches(token, digest, number) if digest_key_loaded or token is None else None
    facts: dict[str, Any] = {
        "switched_on": bool(enabled),
        "digest_key_loaded": digest_key_loaded,
        "secret_matches": secret_matches,
    }
    if secret_matches:
        facts |= {
            "key_id": key_id,
            "disabled": bool(disabled),
            "revoked": bool(revoked),
            "expired": bool(expired),
            "scopes": frozenset(row[-1] for row in rows if row[-1] is not None),
        }
    if organization_id is not None:
        facts |= {
            "organization_pk": pk,
            "organization_id": organization_id,
            "allowlisted": bool(allowlisted),
            "route_enabled": bool(granted),
        }
    return facts


@cache
def _facts_sql(candidates: int | None) -> str:
    """Return the statement for a number of candidate digests, or, for None, with the holder taken at their word."""
    if candidates is None:
        return _FACTS.format(verified="1 = 1")
    return _FACTS.format(verified=f"key.digest IN ({', '.join(['%s'] * candidates)})" if candidates else "1 = 0")


def _secret_matches(token: tokens.Token | None, digest: bytes | None, number: int | None) -> bool:
    return digest is not None if token is None else digests.matches(token.text, digest, number)


def _switched_on() -> bool:
    with connection.cursor() as cursor:
        cursor.execute(_SWITCH)
        row = cursor.fetchone()
    if row is None:
        raise SwitchMissing
    return bool(row[0])
