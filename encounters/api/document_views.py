"""The document routes: a document, its transcript, and the URL of its recording."""

from collections.abc import Sequence
from typing import cast

from django.db import DEFAULT_DB_ALIAS
from rest_framework.request import Request

from encounters import replica
from encounters.api import documents, policy, withheld
from encounters.api.documents import DocumentedEncounter, StoredDocument
from encounters.api.policy import DocumentRequest
from encounters.api.views import is_encounter_id
from encounters.recordings import storage as recordings
from partners.api.disclosure import Disclosing
from partners.api.views import PartnerViewSet
from partners.decision.policy import AccessRequest, Check, Rule, decide, explain
from partners.identifiers import matcher

is_document_id = matcher("doc")


class DocumentViewSet(PartnerViewSet):
    """Read one document of an encounter of the caller's organization."""

    def retrieve(self, request: Request, encounter_id: str, document_id: str) -> Disclosing:
        """Return one document."""
        encounter, document = self.read(request, encounter_id, document_id)
        return Disclosing(documents.detail(document), encounter.disclosure())

    def transcript(self, request: Request, encounter_id: str, document_id: str) -> Disclosing:
        """Return the transcript of a document."""
        encounter, document = self.read(request, encounter_id, document_id)
        return Disclosing(documents.transcript(document), encounter.disclosure())

    def audio(self, request: Request, encounter_id: str, document_id: str) -> Disclosing:
        """Return a signed URL of the recording of a document."""
        encounter, document = self.read(request, encounter_id, document_id)
        url, expires_at = recordings.link(cast(str, document.audio), request)
        return Disclosing({"audio_url": url, "expires_at": expires_at}, encounter.disclosure())

    def read(self, request: Request, encounter_id: str, document_id: str) -> tuple[DocumentedEncounter, StoredDocument]:
        """Return the encounter and the document. Raise AccessDenied for the first check that fails."""
        self.read_query(request)
        asked = replica.read(
            cast(int, self.call.organization_pk),
            lambda using: self.asked(self.call, encounter_id, document_id, using),
            lambda found: decide(self.rules, found) is None,
        )
        self.refuse(decide(self.rules, asked))
        return cast(DocumentedEncounter, asked.encounter), cast(StoredDocument, asked.document)

    @property
    def rules(self) -> tuple[Rule[DocumentRequest], ...]:
        """Return the checks of the route from 14 on."""
        return policy.DOCUMENT_POLICIES[self.route]

    def not_served(self, **ids: str) -> str:
        return withheld.why(**ids)

    def asked(
        self, call: AccessRequest, encounter_id: str, document_id: str, using: str = DEFAULT_DB_ALIAS
    ) -> DocumentRequest:
        """Return what the caller asks for. Invalid ids are not looked up."""
        if not is_encounter_id(encounter_id):
            return DocumentRequest(call.organization_pk, None)
        known = document_id if is_document_id(document_id) else ""
        found = documents.find_document(self.route, encounter_id, known, using)
        return DocumentRequest(call.organization_pk, found)

    def checks(self, call: AccessRequest, query_string: str, **ids: str) -> Sequence[Check]:
        """Return the checks of a call from 12 on, in order."""
        checks = self.filterset_class.read(query_string).checks
        return [*checks, *explain(self.rules, self.asked(call, **ids))]
