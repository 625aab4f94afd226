"""The route by which partners look at their own key: what it is, when it expires, and what it can call now."""

from collections.abc import Collection, Sequence
from typing import Any, cast

from django.db.models import F
from rest_framework import serializers
from rest_framework.request import Request

from partners.api.disclosure import NOTHING, Disclosing
from partners.api.fields import IdField
from partners.api.views import PartnerViewSet
from partners.catalogue.reasons import Reason, Stage
from partners.catalogue.routes import Route, Scope
from partners.decision.policy import AccessRequest, Check, Rule, first_refusal
from partners.keys import tokens
from partners.models import ApiKey, Organization

KINDS = {False: "live", True: "test"}


class RouteAccessSerializer(serializers.Serializer):
    """A route, and whether the key can call it now."""

    route = serializers.CharField()
    allowed = serializers.BooleanField()
    reason_code = serializers.CharField(allow_null=True)


class KeySerializer(serializers.Serializer):
    """The API key of the call."""

    key_id = IdField(ApiKey)
    public_part = serializers.RegexField(
        f"^({tokens.LIVE_PREFIX}|{tokens.TEST_PREFIX})[0-9A-Za-z]{{{tokens.PUBLIC_LENGTH}}}$"
    )
    label = serializers.CharField()  # type: ignore[assignment]
    kind = serializers.ChoiceField([*KINDS.values()])
    organization_id = IdField(Organization, allow_null=True)
    scopes = serializers.ListField(child=serializers.CharField())
    issued_at = serializers.DateTimeField()
    expires_at = serializers.DateTimeField(allow_null=True)
    rotated_at = serializers.DateTimeField(allow_null=True)
    routes = RouteAccessSerializer(many=True)


class KeyAnswerSerializer(serializers.Serializer):
    """The caller's own key."""

    key = KeySerializer()


class KeyViewSet(PartnerViewSet):
    """Read the caller's own key. It discloses nobody's data."""

    rules: tuple[Rule[Any], ...] = ()

    def retrieve(self, request: Request) -> Disclosing:
        """Return the API key of the call."""
        self.read_query(request)
        return Disclosing({"key": described(self.call)}, NOTHING)

    def checks(self, call: AccessRequest, query_string: str, **ids: str) -> Sequence[Check]:
        """Return the check of the query."""
        return self.filterset_class.read(query_string).checks


def described(call: AccessRequest) -> dict[str, Any]:
    """Return the key of a call that has passed the checks 1–7: one SQL statement, with a row per enabled route."""
    keys = ApiKey.objects.filter(pk=cast(int, call.key_pk)).annotate(enabled=F("organization__route_grants__route"))
    rows: list[Any] = list(keys.only("public_part", "is_test", "label", "created_at", "expires_at", "rotated_at"))
    key = rows[0]
    return {
        "key_id": call.key_id,
        "public_part": key.quotable,
        "label": key.label,
        "kind": KINDS[key.is_test],
        "organization_id": call.organization_id,
        "scopes": [scope.value for scope in Scope if scope in (call.scopes or ())],
        "issued_at": key.created_at,
        "expires_at": key.expires_at,
        "rotated_at": key.rotated_at,
        "routes": _judged(call, {row.enabled for row in rows}),
    }


def _judged(call: AccessRequest, enabled: Collection[str | None]) -> list[dict[str, Any]]:
    """Return what the policy says about each route that staff enable: the checks 8–11 of a call with the same key."""
    calls = [call.on(route, enabled=route.route_name in enabled) for route in Route.grantable()]
    return [_verdict(each.route, first_refusal(each, stages={Stage.ACCESS})) for each in calls]


def _verdict(route: Route, refusal: Reason | None) -> dict[str, Any]:
    return {"route": route.route_name, "allowed": refusal is None, "reason_code": refusal and refusal.code}
