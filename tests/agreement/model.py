"""Who may call what, stated anew from the contract: how things stand, and the answer to each call that follows.

It imports nothing of the product.
"""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from ipaddress import ip_address, ip_network

ENCOUNTERS, PATIENTS, DOCUMENTS, RECORDINGS = SCOPES = (
    "encounters:read",
    "patients:read",
    "documents:read",
    "recordings:read",
)
REQUIRED = {
    "encounters.list": {ENCOUNTERS, PATIENTS, DOCUMENTS},
    "encounters.detail": {ENCOUNTERS, PATIENTS, DOCUMENTS},
    "documents.detail": {ENCOUNTERS, DOCUMENTS},
    "documents.transcript": {ENCOUNTERS, DOCUMENTS},
    "documents.audio": {ENCOUNTERS, DOCUMENTS, RECORDINGS},
    "changes.list": {ENCOUNTERS, PATIENTS, DOCUMENTS},
}
ROUTES = [*REQUIRED]
SERVED = ""
STATUS = {
    SERVED: 200,
    "api_keys_disabled": 401,
    "test_prefix_not_allowed": 401,
    "digest_key_unavailable": 503,
    "invalid_key": 401,
    "disabled_key": 401,
    "revoked_key": 401,
    "expired_key": 401,
    "rate_limited": 429,
}
LONG_AGO = datetime.min.replace(tzinfo=UTC)


def status(code):
    """Return the status of an answer with this reason code: all that isn't named above is about access."""
    return STATUS.get(code, 403)


@dataclass(eq=False)
class Limit:
    """A limit of calls a minute, None for none, and what was counted in the latest minute with a counted call.

    A clock that goes back gives nobody the calls of a minute twice.
    """

    calls: int | None = None
    minute: datetime = LONG_AGO
    used: int = 0

    def reached(self, minute):
        return self.calls is not None and self.minute >= minute and self.used >= self.calls

    def count(self, minute):
        if self.calls is None:
            return
        if self.minute < minute:
            self.minute, self.used = minute, 0
        self.used += 1


@dataclass(eq=False)
class Partner:
    """An organization, which may call nothing at first."""

    allowlisted: bool = False
    routes: set = field(default_factory=set)
    limit: Limit = field(default_factory=Limit)


@dataclass(eq=False)
class Key:
    """A key: what staff did to it, and the number of the digest key that it is stored under."""

    partner: Partner | None
    scopes: frozenset
    is_test: bool
    number: int
    issued: datetime
    expires: datetime | None
    disabled: bool = False
    revoked: bool = False
    rotated: bool = False
    enforced: bool = False
    networks: tuple = ()
    limit: Limit = field(default_factory=Limit)

    def may_be_used_from(self, address):
        """Return True if a call from this address is allowed; IPv4 written as IPv6 is IPv4."""
        address = ip_address(address)
        address = getattr(address, "ipv4_mapped", None) or address
        return not self.enforced or any(address in ip_network(each) for each in self.networks)


@dataclass
class Model:
    """The deployment, its clock, and the answer to each call."""

    now: datetime
    switched_on: bool = True
    accepts_test: bool = True
    loaded: set = field(default_factory=lambda: {1})
    active: int = 1

    @property
    def minute(self):
        return self.now.replace(second=0, microsecond=0)

    def is_over(self, key):
        return key.expires is not None and key.expires <= self.now

    def credentials(self, key, *, forged=False):
        """Return the first refusal of checks 1 to 7, or "". A forged token has a key's public part and another secret.

        No token of the model is missing or malformed.
        """
        checks = [
            (not self.switched_on, "api_keys_disabled"),
            (key.is_test and not self.accepts_test, "test_prefix_not_allowed"),
            (key.number not in self.loaded, "digest_key_unavailable"),
            (forged, "invalid_key"),
            (key.disabled, "disabled_key"),
            (key.revoked, "revoked_key"),
            (self.is_over(key), "expired_key"),
        ]
        return next((code for holds, code in checks if holds), SERVED)

    def access(self, key, route, address):
        """Return the first refusal of a valid key by its networks or by checks 8 to 11, or ""."""
        if not key.may_be_used_from(address):
            return "source_not_allowed"
        if key.partner is None:
            return "org_scope_only_required"
        if not key.partner.allowlisted:
            return "organization_not_allowlisted"
        if route not in key.partner.routes:
            return "route_not_allowed"
        return SERVED if key.scopes >= REQUIRED[route] else "missing_scope"

    def answer(self, key, route, address, *, forged=False):
        """Return the reason code of the answer to a call, "" if it is served."""
        refusal = self.credentials(key, forged=forged) or self.access(key, route, address)
        if refusal:
            return refusal
        reached = any(limit.reached(self.minute) for limit in (key.limit, key.partner.limit))
        return "rate_limited" if reached else SERVED

    def call(self, key, route, address, *, forged=False):
        """Return the answer to a call that is made now, and count what it uses up."""
        code = self.answer(key, route, address, forged=forged)
        if code == SERVED:
            key.limit.count(self.minute)
            key.partner.limit.count(self.minute)
            self.note_use(key)
        return code

    def note_use(self, key):
        """Store a key that was served under the active digest key, if that is a newer one."""
        key.number = max(key.number, self.active)
