"""The encounter routes: a list, and one encounter."""

from collections.abc import Sequence
from typing import cast

from rest_framework.request import Request
from rest_framework.response import Response

from encounters import policy, queries
from encounters.filters import NoFilter, Query, StrictFilterSet
from encounters.policy import EncounterRequest
from encounters.queries import StoredEncounter
from partners.access import AccessRequest, Check, decide, explain
from partners.api import PartnerViewSet
from partners.identifiers import matcher

is_encounter_id = matcher("enc")


class EncounterViewSet(PartnerViewSet):
    """Read encounters of the caller's organization."""

    filterset_class: type[StrictFilterSet] = NoFilter

    def list(self, request: Request) -> Response:
        """Return a page of encounters and the number of all that match."""
        query = self.read_query(request)
        return Response(queries.page(cast(int, self.call.organization_pk), **query.values))

    def retrieve(self, request: Request, encounter_id: str) -> Response:
        """Return one encounter."""
        self.read_query(request)
        asked = self.asked(self.call, encounter_id)
        self.refuse(decide(policy.POLICY, asked))
        return Response({"encounter": cast(StoredEncounter, asked.encounter).item()})

    def read_query(self, request: Request) -> Query:
        """Return the query as read; AccessDenied for the first check that fails."""
        query = self.filterset_class.read(request.META["QUERY_STRING"])
        self.refuse_first(query.checks)
        return query

    def asked(self, call: AccessRequest, encounter_id: str) -> EncounterRequest:
        """Return what the caller asks for; what has not the shape of an id is not looked up."""
        found = queries.find(encounter_id) if is_encounter_id(encounter_id) else None
        return EncounterRequest(call.organization_pk, found)

    def checks(self, call: AccessRequest, query_string: str, **ids: str) -> Sequence[Check]:
        """Return the checks 12–16 of a call, in order."""
        checks = self.filterset_class.read(query_string).checks
        return [*checks, *(explain(policy.POLICY, self.asked(call, **ids)) if ids else [])]
