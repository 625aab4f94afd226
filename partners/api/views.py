"""The base class of every view of the API, and the view for all other paths."""

from abc import abstractmethod
from collections.abc import Sequence
from typing import Any, cast

from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from rest_framework.request import Request
from rest_framework.serializers import Serializer
from rest_framework.viewsets import ViewSet

from partners.api.exceptions import AccessDenied
from partners.api.exchange import Exchange
from partners.api.filters import NoFilter, Query, StrictFilterSet
from partners.api.responses import ALLOWED_METHODS, Refusal
from partners.catalogue.reasons import Reason
from partners.catalogue.routes import Route
from partners.decision.policy import AccessRequest, Check, CheckOutcome, Rule


class PartnerViewSet(ViewSet):
    """A view of one route of the catalogue. It answers GET and HEAD, and can check a call without serving it.

    Its filters check the query (checks 12 and 13), and its rules the requested resource (from 14 on). The serializer
    documents the answer.
    """

    route = cast(Route, None)  # given to as_view()
    filterset_class: type[StrictFilterSet] = NoFilter
    serializer_class: type[Serializer] = Serializer
    http_method_names = [method.lower() for method in ALLOWED_METHODS]
    default_response_headers: dict[str, str] = {}

    @property
    def call(self) -> AccessRequest:
        """Return the facts of the call, which has passed the checks 1–11."""
        return cast(AccessRequest, cast(Exchange, self.request.auth).call)

    @property
    @abstractmethod
    def rules(self) -> tuple[Rule[Any], ...]:
        """Return the checks of the requested resource, in order."""

    def read_query(self, request: Request) -> Query:
        """Return the parsed query. Raise AccessDenied for the first check that fails."""
        query = self.filterset_class.read(request.META["QUERY_STRING"])
        self.refuse_first(query.checks)
        Exchange.of(request).query = query.normal_form
        return query

    @abstractmethod
    def checks(self, call: AccessRequest, query_string: str, **ids: str) -> Sequence[Check]:
        """Return the checks of the query and the resource in order, also those after a refusal."""

    def not_served(self, **ids: str) -> str:
        """Return why a resource that exists is answered as not found, to complete "The …"; blank if that is not so.

        Only for staff: a partner never learns that it exists.
        """
        return ""

    def refuse(self, reason: Reason | None, field: str | None = None) -> None:
        if reason is not None:
            raise AccessDenied(reason, field=field)

    def refuse_first(self, checks: Sequence[Check]) -> None:
        """Raise AccessDenied for the first check that failed, if any did."""
        failed = next((check for check in checks if check.outcome is CheckOutcome.FAILED), None)
        if failed is not None:
            self.refuse(failed.reason, failed.field)


def route_of(request: HttpRequest) -> Route | None:
    """Return the route that a call has reached, also if it was refused there; None for any other path."""
    view: Any = getattr(request.resolver_match, "func", None)
    route = getattr(view, "initkwargs", {}).get("route")
    return route if isinstance(route, Route) else None


@csrf_exempt
def route_not_found(request: HttpRequest, **ids: Any) -> HttpResponse:
    """Answer any path under `/external/` that isn't a route, before authentication."""
    return Refusal(Reason.ROUTE_NOT_FOUND)
