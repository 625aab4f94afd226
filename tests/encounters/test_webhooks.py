"""The source of webhook events: what it takes, once, and what it says is still served."""

import pytest

from encounters.models import Document, Encounter, ReadyTranscript
from encounters.webhooks import ReadyTranscripts
from partners.models import WebhookEvent
from partners.webhooks.sources import Pointer
from tests.encounters.ready.test_triggers import draft
from tests.encounters.support.restricted import restrict
from tests.factories import CHANGE, START, EncounterFactory, OrganizationFactory
from tests.partners.support.webhooks import added, event_for

pytestmark = pytest.mark.django_db


@pytest.fixture
def document(organization) -> Document:
    added(organization)
    return draft(EncounterFactory(organization=organization), status="completed")


@pytest.fixture
def event(document) -> WebhookEvent:
    encounter = document.encounter
    return event_for(encounter.organization, encounter_id=encounter.public_id, document_id=document.public_id)


def served(event) -> bool:
    return ReadyTranscripts().served([event]) == {event.pk}


def test_what_is_ready_is_taken_once(document):
    ready_at = ReadyTranscript.objects.get().ready_at
    encounter = document.encounter
    pointer = Pointer(encounter.organization_id, encounter.public_id, document.public_id, ready_at)
    assert ReadyTranscripts().take(10) == [pointer]
    assert ReadyTranscripts().take(10) == []


def test_the_oldest_that_waits_is_known(document):
    first = ReadyTranscript.objects.get().ready_at
    draft(document.encounter, status="completed")
    assert ReadyTranscripts().waiting_since() == first
    ReadyTranscripts().take(10)
    assert ReadyTranscripts().waiting_since() is None


def test_no_more_is_taken_than_asked(document):
    draft(document.encounter, status="completed")
    assert [len(ReadyTranscripts().take(1)) for _ in range(3)] == [1, 1, 0]


def test_a_document_that_is_gone_makes_no_event(document):
    document.delete()
    assert ReadyTranscripts().take(10) == []


def test_a_final_transcript_is_served_to_its_organization_alone(event):
    assert served(event)
    other = event_for(OrganizationFactory(), encounter_id=event.encounter_id, document_id=event.document_id)
    assert not served(other)


@pytest.mark.parametrize(
    ("model", "values"),
    [
        (Document, {"status": "superseded"}),
        (Document, {"turns": None}),
        (Document, {"schema_type": "document"}),
        (Document, {"withdrawn_at": START}),
        (Encounter, {"record_class": "training"}),
        (Encounter, {"withdrawn_at": START}),
    ],
    ids=str,
)
def test_what_is_not_served_any_more_is_known(event, model, values):
    model.objects.update(**values)
    assert not served(event)


@pytest.mark.parametrize(
    "subject", [lambda each: each, lambda each: each.encounter, lambda each: each.encounter.patient]
)
def test_what_is_restricted_is_not_served_until_the_end(event, document, subject):
    restriction = restrict(subject(document))
    assert not served(event)
    restriction.lift(CHANGE)
    assert served(event)
