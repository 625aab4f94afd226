"""A deployment and the model of it: how both are changed alike, and how they are compared."""

from base64 import b64encode
from contextlib import ExitStack
from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.db import transaction
from django.test import override_settings
from hypothesis.stateful import RuleBasedStateMachine

from partners.catalogue.routes import Route, Scope
from partners.models import ApiKey, Organization
from tests.agreement import clock, witnesses
from tests.agreement.model import ROUTES, SCOPES, Key, Model, Partner, status
from tests.agreement.world import WHOLE
from tests.factories import CHANGE, START, DocumentFactory, EncounterFactory


def digest_keys(numbers):
    """Write the setting that loads digest keys with these numbers."""
    return ",".join(f"{number}:{b64encode(bytes([number]) * 32).decode()}" for number in sorted(numbers))


def named(routes):
    return [Route.named(name) for name in routes]


class Deployment(RuleBasedStateMachine):
    """A deployment of its own, in a transaction that is undone, beside the model of it."""

    met = None  # a Counter of the answers, where somebody wants to know

    def __init__(self):
        super().__init__()
        self.model, self.undone = Model(now=START + timedelta(seconds=30)), ExitStack()
        self.clock = self.undone.enter_context(clock.stopped(self.model.now))
        self.undone.enter_context(transaction.atomic())
        self.settings = None
        self.rows, self.tokens, self.paths = {}, {}, {None: witnesses.paths("enc_none", "doc_none")}
        self.steps, self.changed = 0, None
        self._configure()
        self.staff = witnesses.Staff()

    def teardown(self):
        self.settings.disable()
        transaction.set_rollback(True)
        self.undone.close()

    def _compare(self, key, route, address, *, forged=False):
        token = witnesses.forged(self.tokens[key]) if forged else self.tokens[key]
        path = self.paths[key.partner][route]
        told = self.staff.verdict(token, path, address)
        answered = witnesses.live(token, path, address)
        code = self.model.call(key, route, address, forged=forged)
        expected = status(code), code
        assert (told, answered) == (expected, expected), f"page {told}, API {answered}, contract {expected}"
        if self.met is not None:
            self.met[code] += 1

    def _compare_own_answer(self, key, address):
        answered, told = witnesses.own_key(self.tokens[key], address)
        code = self.model.credentials(key)
        assert answered == (status(code), code)
        if told is None:
            return
        self.model.note_use(key)
        refusals = {route: self.model.access(key, route, address) or None for route in ROUTES}
        assert {each["route"]: each["reason_code"] for each in told["routes"]} == refusals
        assert {each["route"]: each["allowed"] for each in told["routes"]} == {
            route: code is None for route, code in refusals.items()
        }
        assert told["scopes"] == [scope for scope in SCOPES if scope in key.scopes]
        assert witnesses.moment(told["expires_at"]) == key.expires
        assert told["kind"] == ("test" if key.is_test else "live")

    def _staff(self, possible, key, change, *arguments, **values):
        """Have staff make a change of a key, which is refused if the key doesn't allow it. Return whether it does."""
        self.changed, row = key, self.rows[key]
        if possible:
            self.result = getattr(row, change)(*arguments, change=CHANGE, **values)
        else:
            with pytest.raises(ValidationError):
                getattr(row, change)(*arguments, change=CHANGE, **values)
        return possible

    def _create_organization(self, allowlisted, routes):
        row = Organization.create(f"Invented Practice {len(self.rows)}", CHANGE)
        row.set_access(CHANGE, allowlisted=allowlisted, enable=named(routes))
        document = DocumentFactory(encounter=EncounterFactory(organization=row), **WHOLE)
        partner = Partner(allowlisted, routes)
        self.rows[partner] = row
        self.paths[partner] = witnesses.paths(document.encounter.public_id, document.public_id)
        return partner

    def _issue_key(self, partner, scopes, is_test, end):
        expires = end and self.model.now + end
        values = {"scopes": map(Scope, scopes), "is_test": is_test, "expires_at": expires}
        row, token = ApiKey.issue(
            CHANGE, organization=self.rows.get(partner), label=f"Invented system {len(self.rows)}", **values
        )
        return self._keep(Key(partner, scopes, is_test, self.model.active, self.model.now, expires), row, token)

    def _keep(self, key, row, token):
        self.rows[key], self.tokens[key], self.changed = row, token.text, key
        return key

    def _load(self, loaded, active):
        self.model.loaded, self.model.active = loaded, active
        self._configure()

    def _configure(self):
        if self.settings is not None:
            self.settings.disable()
        values = {"DIGEST_KEYS": digest_keys(self.model.loaded), "ACTIVE_DIGEST_KEY": self.model.active}
        self.settings = override_settings(ACCEPT_TEST_KEYS=self.model.accepts_test, **values)
        self.settings.enable()

    def _set_clock(self, now):
        self.model.now = now
        self.clock.set(now)
        self.staff.sign_in()
