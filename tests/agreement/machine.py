"""What staff do, partners call and the clock does, in any order. After each step everybody agrees with the model."""

from datetime import timedelta

from hypothesis import strategies as st
from hypothesis.stateful import Bundle, initialize, invariant, precondition, rule

from partners.catalogue.routes import Scope
from partners.models import AllowedNetwork, ApiKeySwitch
from tests.agreement.deployment import Deployment, named
from tests.agreement.model import ROUTES, SCOPES, Key
from tests.factories import CHANGE

ADDRESSES = ["203.0.113.7", "203.0.113.8", "::ffff:203.0.113.7", "2001:db8::1", "198.51.100.1"]
NETWORKS = [
    ("203.0.113.0/24",),
    ("203.0.113.7", "2001:db8::/32"),
    ("10.0.0.0/8", "198.51.100.0/25"),
    ("cb00:7107::/32",),
]
ENDS = [None, timedelta(seconds=30), timedelta(minutes=3), timedelta(days=90)]
MOVES = [timedelta(microseconds=1), timedelta(seconds=20), timedelta(seconds=-5), timedelta(minutes=1)]
TICK = timedelta(microseconds=1)
NEWEST = 5  # the highest number of a digest key
ALL_AT_ONCE = 10  # steps from one comparison of every key and route to the next

organizations, keys = Bundle("organizations"), Bundle("keys")
scopes = st.one_of(st.just(frozenset(SCOPES)), st.frozensets(st.sampled_from(SCOPES)))
some_routes = st.sets(st.sampled_from(ROUTES))
limits = st.sampled_from([None, 1, 2, 3, 5])
addresses = st.sampled_from(ADDRESSES)


class AccessMachine(Deployment):
    """The rules: each step is a change by staff, a few calls, or a movement of the clock."""

    # Organizations

    @initialize(target=organizations)
    def begin_with_an_organization(self):
        return self._create_organization(allowlisted=True, routes=set(ROUTES))

    @initialize(target=keys, partner=organizations, owned=st.integers(0, 9))
    def begin_with_a_key(self, partner, owned):
        return self._issue_key(partner if owned else None, frozenset(SCOPES), is_test=False, end=None)

    @rule(target=organizations, allowlisted=st.booleans(), routes=some_routes)
    def create_organization(self, allowlisted, routes):
        return self._create_organization(allowlisted, routes)

    @rule(partner=organizations, allowlisted=st.booleans(), enable=some_routes, disable=some_routes)
    def change_access(self, partner, allowlisted, enable, disable):
        disable = disable - enable
        access = {"enable": named(enable), "disable": named(disable)}
        self.rows[partner].set_access(CHANGE, allowlisted=allowlisted, **access)
        partner.allowlisted, partner.routes = allowlisted, (partner.routes | enable) - disable

    @rule(partner=organizations, calls=limits)
    def limit_organization(self, partner, calls):
        self.rows[partner].set_limit(CHANGE, calls)
        partner.limit.calls = calls

    # Keys

    @rule(target=keys, partner=organizations, scopes=scopes, is_test=st.booleans(), end=st.sampled_from(ENDS))
    def issue_key(self, partner, scopes, is_test, end):
        return self._issue_key(partner, scopes, is_test and self.model.accepts_test, end)

    @rule(target=keys, key=keys, overlap=st.sampled_from([timedelta(minutes=1), timedelta(hours=24)]))
    def rotate_key(self, key, overlap):
        possible = not (key.revoked or key.disabled or key.rotated or self.model.is_over(key))
        if not self._staff(possible and (self.model.accepts_test or not key.is_test), key, "rotate", overlap=overlap):
            return key
        row, token = self.result
        now, lifetime = self.model.now, key.expires and key.expires - key.issued
        successor = Key(key.partner, key.scopes, key.is_test, self.model.active, now, lifetime and now + lifetime)
        successor.enforced, successor.networks, successor.limit.calls = key.enforced, key.networks, key.limit.calls
        key.rotated, key.expires = True, min(now + overlap, key.expires or now + overlap)
        return self._keep(successor, row, token)

    @rule(key=keys)
    def disable_key(self, key):
        if self._staff(not (key.revoked or key.disabled), key, "disable"):
            key.disabled = True

    @rule(key=keys)
    def enable_key(self, key):
        if self._staff(key.disabled and not key.revoked, key, "enable"):
            key.disabled = False

    @precondition(lambda self: len(self.tokens) > 1)
    @rule(key=keys)
    def revoke_key(self, key):
        if self._staff(not key.revoked, key, "revoke"):
            key.revoked = True

    @rule(key=keys, scopes=scopes)
    def change_scopes(self, key, scopes):
        if self._staff(not key.revoked, key, "set_scopes", map(Scope, scopes)):
            key.scopes = scopes

    @rule(key=keys, span=st.sampled_from(ENDS[1:]))
    def change_expiry(self, key, span):
        end = self.model.now + span
        if self._staff(not (key.revoked or key.rotated or self.model.is_over(key)), key, "set_expiry", end=end):
            key.expires = end

    @rule(key=keys, mode=st.sampled_from(["off", "watch", "enforce"]), networks=st.sampled_from(NETWORKS))
    def change_networks(self, key, mode, networks):
        rows = AllowedNetwork.listed((each, "Invented network") for each in networks)
        if self._staff(not key.revoked, key, "set_networks", mode, rows):
            key.enforced, key.networks = mode == "enforce", networks

    @rule(key=keys, calls=limits)
    def limit_key(self, key, calls):
        if self._staff(not key.revoked, key, "set_limit", limit=calls):
            key.limit.calls = calls

    # The deployment

    @rule(on=st.sampled_from([True, True, False]))
    def turn_the_switch(self, on):
        if on != self.model.switched_on:
            ApiKeySwitch.turn(on, CHANGE)
            self.model.switched_on = on

    @rule(accepted=st.booleans())
    def accept_test_keys(self, accepted):
        self.model.accepts_test = accepted
        self._configure()

    @rule(number=st.integers(1, NEWEST), verify_only=st.booleans())
    def load_digest_key(self, number, verify_only):
        self._load(self.model.loaded | {number}, self.model.active if verify_only else number)

    @precondition(lambda self: len(self.model.loaded) > 1)
    @rule(data=st.data())
    def retire_digest_key(self, data):
        loaded = self.model.loaded - {data.draw(st.sampled_from(sorted(self.model.loaded)))}
        self._load(loaded, self.model.active if self.model.active in loaded else max(loaded))

    # The clock

    @rule(by=st.sampled_from(MOVES))
    def move_the_clock(self, by):
        self._set_clock(self.model.now + by)

    @rule()
    def begin_the_next_minute(self):
        self._set_clock(self.model.minute + timedelta(minutes=1))

    @rule(key=keys, tick=st.sampled_from([-TICK, timedelta(0), TICK]))
    def move_the_clock_to_an_expiry(self, key, tick):
        if key.expires is not None and self.model.now < key.expires + tick:
            self._set_clock(key.expires + tick)

    # Calls

    @rule(key=keys, route=st.sampled_from(ROUTES), address=addresses, calls=st.integers(1, 6))
    def call(self, key, route, address, calls):
        for _ in range(calls):
            self._compare(key, route, address)

    @rule(key=keys, route=st.sampled_from(ROUTES), address=addresses)
    def call_with_a_forged_token(self, key, route, address):
        self._compare(key, route, address, forged=True)

    @invariant()
    def everybody_agrees(self):
        """Compare the key of the last change and one other on one route each; now and then all keys on all routes."""
        self.steps += 1
        held = [*self.tokens]
        if self.steps % ALL_AT_ONCE == 0:
            chosen = [(key, route) for key in held for route in ROUTES]
        else:
            chosen = [(key, ROUTES[self.steps % len(ROUTES)]) for key in self._two_of(held)]
        address = ADDRESSES[self.steps % len(ADDRESSES)]
        for key, route in chosen:
            self._compare(key, route, address)
        for key in dict.fromkeys(key for key, _ in chosen):
            self._compare_own_answer(key, address)

    def _two_of(self, held):
        return {self.changed, held[self.steps % len(held)]} - {None} if held else set()
