"""The raw SQL of the document routes: what it joins, and whose data the responses contain."""

import pytest
from django.utils import timezone

from encounters.api import documents
from partners.api.disclosure import Disclosure
from partners.catalogue.routes import Route
from partners.models import RequestRecord
from tests.api import LIST
from tests.factories import DocumentFactory, EncounterFactory, OrganizationFactory

pytestmark = pytest.mark.django_db
ROUTES = [Route.DOCUMENTS_DETAIL, Route.DOCUMENTS_TRANSCRIPT, Route.DOCUMENTS_AUDIO]
EACH = pytest.mark.parametrize("route", ROUTES)


@pytest.fixture
def document(organization):
    return DocumentFactory(encounter__organization=organization, turns=[], audio="org_x/invented.wav")


def find(route, document, encounter=None):
    return documents.find_document(route, str(encounter or document.encounter), str(document))


@EACH
def test_it_returns_the_facts_that_decide(route, document, organization):
    found = find(route, document)
    assert (found.organization_pk, found.record_class) == (organization.pk, "clinical")
    one = found.document
    assert (one.pk, one.schema_type, one.status) == (document.pk, "ambient_transcript", "completed")
    assert (one.has_turns, one.audio) == (True, "org_x/invented.wav")


@EACH
def test_a_document_is_found_only_with_its_own_encounter(route, document, organization):
    assert find(route, document, EncounterFactory(organization=organization)).document is None
    assert find(route, document, "enc_" + "0" * 22) is None


@EACH
def test_the_disclosure_is_the_encounter_its_patient_and_the_document(route, document):
    encounter = document.encounter
    assert find(route, document).disclosure() == Disclosure([encounter.pk], [encounter.patient_id], document.pk)


@EACH
def test_data_of_a_withdrawn_patient_is_accounted_for(route, document):
    patient = document.encounter.patient
    patient.withdrawn_at = timezone.now()
    patient.save()
    assert find(route, document).disclosure().patients == [patient.pk]


@EACH
@pytest.mark.parametrize("lost", ["none", "of another organization"])
def test_a_missing_patient_is_not_disclosed(route, document, lost):
    patient = document.encounter.patient
    if lost == "none":
        document.encounter.patient = None
        document.encounter.save()
    patient.organization = OrganizationFactory() if lost == "of another organization" else patient.organization
    patient.save()
    assert find(route, document).disclosure().patients == []


@EACH
def test_a_response_is_recorded_with_its_disclosure(route, document, api):
    last = {Route.DOCUMENTS_DETAIL: "", Route.DOCUMENTS_TRANSCRIPT: "/transcript", Route.DOCUMENTS_AUDIO: "/audio"}
    assert api.get(f"{LIST}/{document.encounter}/documents/{document}{last[route]}").status_code == 200
    record = RequestRecord.objects.get()
    assert (record.route, record.status, record.document) == (route.route_name, 200, document.pk)
    assert ([*record.encounters], [*record.patients]) == ([document.encounter_id], [document.encounter.patient_id])


@EACH
def test_a_refusal_discloses_nothing(route, document, api):
    last = {Route.DOCUMENTS_DETAIL: "", Route.DOCUMENTS_TRANSCRIPT: "/transcript", Route.DOCUMENTS_AUDIO: "/audio"}
    document.withdrawn_at = timezone.now()
    document.save()
    assert api.get(f"{LIST}/{document.encounter}/documents/{document}{last[route]}").status_code == 404
    record = RequestRecord.objects.get()
    assert (record.reason_code, [*record.encounters], record.document) == ("document_not_found", [], None)
