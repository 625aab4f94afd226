"""The filters of the list of API keys."""

from datetime import timedelta
from typing import Any

from django.contrib import admin
from django.db.models import Q
from django.http import HttpRequest

from partners.catalogue import routes
from partners.finding.last_use import IDLE, idle_for, used_within
from partners.keys import digests
from partners.models import KeyState
from partners.names import holds_words

EXPIRING = "expiring"
STATES = {state.value: state for state in KeyState}
SOON = timedelta(days=14)


class ChoiceFilter(admin.SimpleListFilter):
    """A filter with choices. Any other value in the URL is ignored."""

    def value(self) -> str | None:
        given = super().value()
        return given if given in [choice for choice, _ in self.lookup_choices] else None


class StateFilter(ChoiceFilter):
    """By state, or expiring soon."""

    title = "State"
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        states = [(name, name.capitalize()) for name in STATES]
        return [*states, (EXPIRING, f"Expires within {SOON.days} days")]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        if self.value() == EXPIRING:
            return queryset.ending_within(SOON)
        state = STATES.get(self.value() or "")
        return queryset if state is None else queryset.in_state(state)


class OrganizationFilter(admin.SimpleListFilter):
    """By part of the organization's name. It is a text field, because there may be thousands."""

    title = "Organization"
    parameter_name = "organization"
    typed = True

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("", "")]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        text = self.value()
        return queryset.filter(holds_words("organization__name_key", text)) if text else queryset


class ScopeFilter(ChoiceFilter):
    """By a scope that the key holds."""

    title = "Scope"
    parameter_name = "scope"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(scope.value, scope.value) for scope in routes.Scope]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        return queryset.filter(scopes=self.value()) if self.value() else queryset


class DigestKeyFilter(ChoiceFilter):
    """By the digest key that the key was stored with."""

    title = "Digest key"
    parameter_name = "digest_key"
    missing = "missing"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [
            *((str(number), f"Number {number}") for number in sorted(digests.loaded())),
            (self.missing, "Not loaded"),
        ]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        if self.value() == self.missing:
            return queryset.exclude(digest_key_number__in=digests.loaded())
        return queryset.filter(digest_key_number=self.value()) if self.value() else queryset


class LastUseFilter(ChoiceFilter):
    """By when a call with the key was last served."""

    title = "Last used"
    parameter_name = "used"
    lately, idle, never = "lately", "idle", "never"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [
            (self.lately, "In the last 24 hours"),
            (self.idle, f"Not for {IDLE.days} days"),
            (self.never, "Never"),
        ]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        conditions = {
            self.lately: used_within(timedelta(hours=24)),
            self.idle: idle_for(IDLE),
            self.never: Q(last_used_at=None),
        }
        return queryset.filter(conditions.get(self.value() or "", Q()))
