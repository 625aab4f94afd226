"""The filters of the list of API keys."""

from datetime import timedelta
from typing import Any

from django.contrib import admin
from django.db.models import Exists, OuterRef, Q
from django.http import HttpRequest

from partners.catalogue import routes
from partners.finding import last_use
from partners.keys import digests
from partners.models import KeyLeak, KeyState, NetworkMode, Organization, RouteGrant
from partners.models.organization import ROUTE_CHOICES
from partners.names import holds_words
from partners.tags import tagged

STATES = {state.value: state for state in KeyState}
SOON = timedelta(days=14)


class ChoiceFilter(admin.SimpleListFilter):
    """A filter with choices. Any other value in the URL is ignored."""

    def value(self) -> str | None:
        given = super().value()
        return given if given in [choice for choice, _ in self.lookup_choices] else None


class StateFilter(ChoiceFilter):
    """By state."""

    title = "State"
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(name, name.capitalize()) for name in STATES]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        state = STATES.get(self.value() or "")
        return queryset if state is None else queryset.in_state(state)


class ExpiryFilter(ChoiceFilter):
    """Active keys that expire soon, or keys that never expire."""

    title = "Expires"
    parameter_name = "expires"
    never = "never"
    days = (SOON.days, 30, 60, 90)

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [*((str(days), f"Within {days} days") for days in self.days), (self.never, "No end date")]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        value = self.value()
        if value == self.never:
            return queryset.filter(expires_at=None)
        return queryset.ending_within(timedelta(days=int(value))) if value else queryset


class TypedFilter(admin.SimpleListFilter):
    """A filter by a text that people type, because there may be thousands to choose from."""

    typed = True

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("", "")]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        text = self.value()
        return queryset.filter(self.condition(text)) if text else queryset

    def condition(self, text: str) -> Q:
        """Return the condition for the keys that the text means."""
        raise NotImplementedError


class OrganizationFilter(TypedFilter):
    """By part of the organization's name."""

    title = "Organization"
    parameter_name = "organization"

    def condition(self, text: str) -> Q:
        return holds_words("organization__name_key", text)


class OwnerFilter(TypedFilter):
    """By part of the owner's name."""

    title = "Owner"
    parameter_name = "owner"

    def condition(self, text: str) -> Q:
        return Q(owner__icontains=text)


class TagFilter(TypedFilter):
    """By tags. Several must all be there."""

    title = "Tag"
    parameter_name = "tag"

    def condition(self, text: str) -> Q:
        return tagged(text)


class ScopeFilter(ChoiceFilter):
    """By a scope that the key holds."""

    title = "Scope"
    parameter_name = "scope"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(scope.value, scope.value) for scope in routes.Scope]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        return queryset.filter(scopes=self.value()) if self.value() else queryset


class AllowlistFilter(ChoiceFilter):
    """By whether the organization is allowlisted. A key of no organization is never allowed."""

    title = "Allowlisted"
    parameter_name = "allowlisted"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("yes", "Yes"), ("no", "No")]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        if not self.value():
            return queryset
        allowed = Exists(Organization.objects.filter(pk=OuterRef("organization"), allowlisted=True).order_by())
        return queryset.filter(allowed if self.value() == "yes" else ~allowed)


class RouteFilter(ChoiceFilter):
    """By a route that is enabled for the organization, whatever the scopes of the key."""

    title = "Route enabled"
    parameter_name = "route"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return ROUTE_CHOICES

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        if not self.value():
            return queryset
        granted = RouteGrant.objects.filter(organization=OuterRef("organization"), route=self.value())
        return queryset.filter(Exists(granted))


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


class LimitFilter(ChoiceFilter):
    """By whether the key has a limit of its own."""

    title = "Limit"
    parameter_name = "limit"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("yes", "Limited"), ("no", "Not limited")]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        return queryset.filter(calls_per_minute__isnull=self.value() == "no") if self.value() else queryset


class NetworksFilter(ChoiceFilter):
    """By what happens to calls from outside the key's allowed networks."""

    title = "Networks"
    parameter_name = "networks"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return NetworkMode.choices

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        return queryset.filter(network_mode=self.value()) if self.value() else queryset


class LastUseFilter(ChoiceFilter):
    """By when a call with the key was last served."""

    title = "Last used"
    parameter_name = "used"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return last_use.CHOICES

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        value = self.value()
        return queryset.filter(last_use.of_key(value)) if value else queryset


class LeakFilter(ChoiceFilter):
    """By whether the key was reported as leaked."""

    title = "Reported as leaked"
    parameter_name = "leaked"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("yes", "Yes"), ("no", "No")]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        if not self.value():
            return queryset
        reported = Exists(KeyLeak.objects.filter(api_key=OuterRef("pk")).order_by())
        return queryset.filter(reported if self.value() == "yes" else ~reported)


USUAL = (OrganizationFilter, StateFilter, ExpiryFilter, LastUseFilter)
OFFERED = (
    *USUAL,
    ScopeFilter,
    RouteFilter,
    AllowlistFilter,
    NetworksFilter,
    OwnerFilter,
    TagFilter,
    LimitFilter,
    DigestKeyFilter,
    LeakFilter,
)
