"""The ledger: one row per answer to a known key, committed before the answer is sent. Other answers are counted."""

import logging
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from datetime import datetime
from functools import cache
from typing import Any

from django import db
from django.db import connection, transaction
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from partners.api.disclosure import NOTHING, Disclosing
from partners.api.exchange import Exchange
from partners.api.responses import Refusal, fault_response
from partners.catalogue.reasons import Reason
from partners.decision.address import client_address, network
from partners.decision.facts import bearer_token
from partners.decision.policy import AccessRequest, is_outside
from partners.formats import traces
from partners.formats.moments import day_of
from partners.identifiers import is_id
from partners.keys import digests
from partners.models import RequestRecord
from partners.models.pk_list import adapted
from partners.record import early_refusals
from partners.record.kept_parameters import kept_parameter
from partners.record.kept_paths import kept_path
from partners.record.unknown_callers import unkeyed
from partners.statements import Statement
from partners.triggers import times

logger = logging.getLogger(__name__)

_INSERT = """
INSERT INTO partners_requestrecord (request_id, occurred_at, api_key_id, organization_id, method, route, resource,
    query, status, reason_code, parameter, count, microseconds, address, new_network, outside_networks,
    encounters, patients, document)
VALUES (%s, {right_now}, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
"""
_ADD_NETWORK = Statement("""
INSERT INTO partners_keynetwork (api_key_id, network, first_seen_at, last_served_at) VALUES (%s, %s, %s, %s)
ON CONFLICT (api_key_id, network) DO NOTHING
""")
_NETWORK_SERVED = Statement("""
UPDATE partners_keynetwork SET last_served_at = %s
WHERE api_key_id = %s AND network = %s AND (last_served_at IS NULL OR last_served_at < %s)
""")
_USE = Statement("""
INSERT INTO partners_keyuse (api_key_id, route, first_used_at, last_used_at) VALUES (%s, %s, %s, %s)
ON CONFLICT (api_key_id, route) DO UPDATE SET last_used_at = excluded.last_used_at
WHERE partners_keyuse.last_used_at < excluded.last_used_at
""")
_LAST_USED = Statement("""
UPDATE partners_apikey SET last_used_at = %s WHERE id = %s AND (last_used_at IS NULL OR last_used_at < %s)
""")

_MOVE_DIGEST = Statement("""
UPDATE partners_apikey SET digest = %s, digest_key_number = %s WHERE id = %s AND digest_key_number = %s
""")


def kept(request: HttpRequest, answer: HttpResponse) -> HttpResponse:
    """Record the answer and return it, or return a 503 instead if it can't be recorded.

    An answer with data that doesn't say what it discloses, or to whom, is a fault of ours and becomes a 500.
    """
    exchange = Exchange.of(request)
    try:
        call = exchange.call or early_refusals.caller(request, answer)
    except Exception as fault:  # without the caller it is unknown what has to be recorded
        return _off_record(fault)
    if call is None or call.key_pk is None:
        refusal = answer if isinstance(answer, Refusal) else Refusal(Reason.INTERNAL_ERROR)
        return _noted(unkeyed.TALLY.add, request, refusal)
    if not isinstance(answer, Disclosing | Refusal):
        answer = Refusal(Reason.INTERNAL_ERROR)
    try:
        _write(request, exchange, call, answer)
    except Exception as fault:  # whatever it is: an answer that isn't on record must not be sent
        refusal = _off_record(fault)
        refusal.withheld = answer
        return refusal
    return answer


def confirmed(request: HttpRequest, refusal: HttpResponse) -> HttpResponse | None:
    """Return the answer that a refusal stands for if it is on record after all: its session was lost behind the commit.

    None where it is not, or where that cannot be told.
    """
    answer = refusal.withheld if isinstance(refusal, Refusal) else None
    if answer is None:
        return None
    try:
        return answer if RequestRecord.objects.filter(request_id=Exchange.of(request).request_id).exists() else None
    except db.Error:
        return None


def note_off_record(request: HttpRequest, answer: HttpResponse) -> None:
    """Keep the request id of an answer that the ledger couldn't record; ignore any other answer."""
    if isinstance(answer, Refusal) and answer.off_record:
        _noted(unkeyed.TALLY.keep, request, answer)


def _off_record(fault: Exception) -> Refusal:
    refusal = fault_response(fault, Reason.SERVICE_UNAVAILABLE)
    refusal.off_record = True
    return refusal


def _noted(note: Callable[[HttpRequest, Refusal], None], request: HttpRequest, refusal: Refusal) -> Refusal:
    """Count or keep a refusal that has no row, and return it even if that fails."""
    try:
        note(request, refusal)
    except Exception as fault:
        logger.error("a refusal is not counted", extra={"exception": traces.kind(fault), "where": traces.place(fault)})
    return refusal


def _write(request: HttpRequest, exchange: Exchange, call: AccessRequest, answer: Disclosing | Refusal) -> None:
    now, address = timezone.now(), client_address(request)
    routed, refusal = exchange.call is not None, answer if isinstance(answer, Refusal) else None
    served = isinstance(answer, Disclosing)
    used, met = served and not call.use_noted, not call.network_known or (served and not call.network_noted)
    moves = served and call.digest_key_number is not None and call.digest_key_number < digests.current()
    with _transaction(used or met or moves):
        new_network = met and _note_network(call, network(address), now, served)
        if used:
            _note_use(call, now.replace(second=0, microsecond=0))
        if moves:
            _move_digest(request, call)
        disclosed = answer.disclosure if isinstance(answer, Disclosing) and request.method == "GET" else NOTHING
        _insert(connection.vendor).execute(
            exchange.request_id,
            now,
            call.key_pk,
            call.organization_pk,
            request.method if request.method in unkeyed.METHODS else "other",
            call.route.route_name if routed else "",
            _resource(request) if routed else kept_path(request.path_info),
            exchange.query,
            answer.status_code,
            "" if refusal is None else refusal.reason.code,
            None if refusal is None else kept_parameter(refusal.field),
            len(disclosed.encounters),
            exchange.elapsed_microseconds,
            address,
            new_network,
            (routed and is_outside(call)) or None,
            adapted(connection, disclosed.encounters),
            adapted(connection, disclosed.patients),
            disclosed.document,
        )


@cache
def _insert(vendor: str) -> Statement:
    return Statement(_INSERT.format(right_now=times.RIGHT_NOW[vendor]))


def _transaction(several: bool) -> AbstractContextManager[Any]:
    """Return a transaction for several statements; a single statement is one by itself."""
    return transaction.atomic() if several else nullcontext()


def _note_network(call: AccessRequest, seen: str, now: datetime, served: bool) -> bool:
    """Note from which network the key called, and return True if it was new. Of simultaneous calls only one gets True.

    A network that is known is noted again only once a day, if the call was served.
    """
    day = day_of(now) if served else None
    if not call.network_known:
        return _ADD_NETWORK.execute(call.key_pk, seen, now, day) == 1
    _NETWORK_SERVED.execute(day, call.key_pk, seen, day)
    return False


def _note_use(call: AccessRequest, minute: datetime) -> None:
    """Note when the route and the key were used. A look at the key itself doesn't show that anyone needs it."""
    _USE.execute(call.key_pk, call.route.route_name, minute, minute)
    if not call.route.is_open:
        _LAST_USED.execute(minute, call.key_pk, minute)


def _move_digest(request: HttpRequest, call: AccessRequest) -> None:
    """Store the key under the active digest key. Of simultaneous calls one does it."""
    token = bearer_token(request.META["HTTP_AUTHORIZATION"]) or ""
    number = digests.current()
    _MOVE_DIGEST.execute(digests.digest(token, number), number, call.key_pk, call.digest_key_number)


def _resource(request: HttpRequest) -> str:
    """Return the ids of the path, with `?` for anything else: it could be what must not be kept."""
    match = request.resolver_match
    given = () if match is None else match.kwargs.values()
    return "/".join(text if is_id(text) else "?" for text in given)
