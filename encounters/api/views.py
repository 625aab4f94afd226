"""The encounter routes: a list of encounters, and one encounter."""

from collections.abc import Sequence
from typing import cast

from django.db import DEFAULT_DB_ALIAS
from rest_framework.request import Request

from encounters import replica
from encounters.api import policy, queries, withheld
from encounters.api.policy import EncounterRequest
from encounters.api.queries import StoredEncounter
from partners.api.disclosure import Disclosing
from partners.api.views import PartnerViewSet
from partners.catalogue.routes import Route
from partners.decision.policy import AccessRequest, Check, Rule, decide, explain
from partners.identifiers import matcher

is_encounter_id = matcher("enc")


class EncounterViewSet(PartnerViewSet):
    """Read encounters of the caller's organization."""

    def list(self, request: Request) -> Disclosing:
        """Return a page of encounters and the total number of matches."""
        query, organization = self.read_query(request), cast(int, self.call.organization_pk)
        return Disclosing(
            *replica.read(organization, lambda using: queries.page(organization, **query.values, using=using))
        )

    def retrieve(self, request: Request, encounter_id: str) -> Disclosing:
        """Return one encounter."""
        self.read_query(request)
        call, rules = self.call, self.rules
        asked = replica.read(
            cast(int, call.organization_pk),
            lambda using: self.asked(call, encounter_id, using),
            lambda found: decide(rules, found) is None,
        )
        self.refuse(decide(rules, asked))
        found = cast(StoredEncounter, asked.encounter)
        return Disclosing({"encounter": found.item}, found.disclosure)

    @property
    def rules(self) -> tuple[Rule[EncounterRequest], ...]:
        """Return the checks 14–16. A list has no resource to check."""
        return () if self.route is Route.ENCOUNTERS_LIST else policy.ENCOUNTER_POLICY

    def not_served(self, **ids: str) -> str:
        return withheld.why(**ids) if ids else ""

    def asked(self, call: AccessRequest, encounter_id: str, using: str = DEFAULT_DB_ALIAS) -> EncounterRequest:
        """Return what the caller asks for. Invalid ids are not looked up."""
        found = queries.find_encounter(encounter_id, using) if is_encounter_id(encounter_id) else None
        return EncounterRequest(call.organization_pk, found)

    def checks(self, call: AccessRequest, query_string: str, **ids: str) -> Sequence[Check]:
        """Return the checks 12–16 of a call, in order."""
        checks = self.filterset_class.read(query_string).checks
        return [*checks, *(explain(self.rules, self.asked(call, **ids)) if ids else [])]
