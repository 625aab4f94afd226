"""The review of API keys, one line for each: age, use, rotation, unused scopes, expiry, digest key.

One statement reads any number of keys, in chunks, so that memory stays bounded.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import Aggregate, CharField, OuterRef, Q, QuerySet, Subquery
from django.utils import timezone

from partners.catalogue import routes
from partners.formats.moments import rfc3339
from partners.keys import digests
from partners.models import ApiKey, KeyState, KeyUse, Organization
from partners.models.keys.key import ApiKeyQuerySet

IDLE, EXPIRING = timedelta(days=90), timedelta(days=30)
DAY = timedelta(days=1)
CHUNK = 2_000
COLUMNS = (
    "organization",
    "organization_id",
    "key_id",
    "public_part",
    "test",
    "label",
    "state",
    "age_days",
    "created_at",
    "last_used_at",
    "idle",
    "last_rotated_at",
    "scopes",
    "unused_scopes",
    "calls_per_minute",
    "expires_at",
    "days_left",
    "digest_key",
    "digest_key_state",
    "owner",
    "tags",
    "note",
)
_REQUIRED = {route.route_name: frozenset(scope.value for scope in route.scopes) for route in routes.Route}


class Names(Aggregate):
    """The values of a group as one text, separated by blanks."""

    function = "group_concat"
    template = "%(function)s(%(expressions)s, ' ')"
    output_field = CharField()

    def as_postgresql(self, compiler: Any, connection: BaseDatabaseWrapper, **context: Any) -> Any:
        """Use PostgreSQL's name of the function."""
        return self.as_sql(compiler, connection, function="string_agg", **context)


@dataclass(frozen=True, slots=True)
class Review:
    """Which keys are reviewed. `idle` is also the time without a call after which a key counts as idle."""

    organization: Organization | None = None
    state: KeyState | None = None
    idle: timedelta | None = None
    expiring: timedelta | None = None
    digest_key: int | None = None
    unused_scopes: bool = False

    def lines(self) -> Iterator[dict[str, Any]]:
        """Yield the facts of each key, the oldest first."""
        for line in lines_of(self._keys(timezone.now()).order_by("pk"), self.idle or IDLE):
            if line["unused_scopes"] or not self.unused_scopes:
                yield line

    def _keys(self, now: datetime) -> ApiKeyQuerySet:
        keys = ApiKey.objects.all()
        if self.expiring is not None:
            keys = keys.ending_within(self.expiring)
        if self.state is not None:
            keys = keys.in_state(self.state)
        if self.organization is not None:
            keys = keys.filter(organization=self.organization)
        if self.idle is not None:
            keys = keys.filter(Q(last_used_at=None) | Q(last_used_at__lte=now - self.idle))
        if self.digest_key is not None:
            keys = keys.filter(digest_key_number=self.digest_key)
        return keys


def lines_of(keys: ApiKeyQuerySet, idle: timedelta = IDLE) -> Iterator[dict[str, Any]]:
    """Yield the facts of each key, in the order of the query."""
    now, pks = timezone.now(), list(keys.values_list("pk", flat=True))
    for at in range(0, len(pks), CHUNK):
        chunk = pks[at : at + CHUNK]
        found = _with_facts(ApiKey.objects.all()).in_bulk(chunk)
        yield from (_line(found[pk], now, idle) for pk in chunk if pk in found)


@dataclass(slots=True)
class Summary:
    """The counts over all lines."""

    states: Counter[str] = field(default_factory=Counter)
    idle: int = 0
    digest_keys: Counter[int] = field(default_factory=Counter)

    def add(self, line: dict[str, Any]) -> None:
        """Count one line."""
        self.states[line["state"]] += 1
        self.idle += line["idle"] != "no"
        self.digest_keys[line["digest_key"]] += 1

    def facts(self) -> dict[str, Any]:
        """Return the counts."""
        return {
            "keys": self.states.total(),
            "states": {state.value: self.states[state] for state in KeyState if self.states[state]},
            "idle": self.idle,
            "digest_keys": [
                {"number": number, "state": digests.state(number), "keys": count}
                for number, count in sorted(self.digest_keys.items())
            ],
        }


def _with_facts(keys: ApiKeyQuerySet) -> QuerySet[ApiKey]:
    held = ApiKey.scopes.through.objects.filter(apikey=OuterRef("pk")).order_by().values("apikey")
    used = KeyUse.objects.filter(api_key=OuterRef("pk")).order_by().values("api_key")
    return (
        keys.select_related("organization")
        .defer("digest")
        .annotate(held=Subquery(held.values(names=Names("scope_id"))), used=Subquery(used.values(names=Names("route"))))
    )


def _line(key: Any, now: datetime, idle: timedelta) -> dict[str, Any]:
    scopes = sorted((key.held or "").split())
    needed = {scope for route in (key.used or "").split() for scope in _REQUIRED.get(route, ())}
    return {
        "organization": key.organization and key.organization.name,
        "organization_id": key.organization and key.organization.public_id,
        "key_id": key.public_id,
        "public_part": key.public_part,
        "test": key.is_test,
        "label": key.label,
        "state": key.state.value,
        "age_days": (now - key.created_at) // DAY,
        "created_at": rfc3339(key.created_at),
        "last_used_at": rfc3339(key.last_used_at),
        "idle": _idle(key.last_used_at, now - idle),
        "last_rotated_at": rfc3339(_last_rotated(key)),
        "scopes": scopes,
        "unused_scopes": [scope for scope in scopes if scope not in needed],
        "calls_per_minute": key.calls_per_minute,
        "expires_at": rfc3339(key.expires_at),
        "days_left": None if key.expires_at is None else max(0, (key.expires_at - now) // DAY),
        "digest_key": key.digest_key_number,
        "digest_key_state": digests.state(key.digest_key_number),
        "owner": key.owner,
        "tags": key.tags,
        "note": key.note,
    }


def _idle(last_used_at: datetime | None, since: datetime) -> str:
    if last_used_at is None:
        return "never used"
    return "yes" if last_used_at <= since else "no"


def _last_rotated(key: ApiKey) -> datetime | None:
    """Return when the key got a successor, else when it was issued as one."""
    return key.rotated_at or (None if key.replaces_id is None else key.created_at)
