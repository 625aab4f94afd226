"""Which transcripts are noted as ready, whoever writes them, and that each is noted once."""

import pytest
from django.db import connection, transaction
from django.utils import timezone

from encounters.models import Document, Encounter, ReadyTranscript
from encounters.ready.triggers import SET, TRIGGERS
from partners.triggers import comparing, installing
from tests.encounters.support.counted import execute
from tests.encounters.support.restricted import restrict
from tests.factories import CHANGE, START, DocumentFactory, EncounterFactory, OrganizationFactory
from tests.partners.support.webhooks import added
from tests.planning import forget_statistics

pytestmark = pytest.mark.django_db
TURNS = [{"speaker": "A", "start": 0.0, "end": 1.0, "text": "Invented."}]


@pytest.fixture
def partner(organization):
    added(organization)
    return organization


@pytest.fixture
def encounter(partner) -> Encounter:
    return EncounterFactory(organization=partner)


def noted() -> list[int]:
    return sorted(ReadyTranscript.objects.values_list("pk", flat=True))


def draft(encounter, **values) -> Document:
    return DocumentFactory(encounter=encounter, **{"status": "draft", "turns": TURNS, **values})


@pytest.mark.parametrize("status", ["completed", "amended"])
def test_a_transcript_that_is_written_final_is_noted(encounter, status):
    document = draft(encounter, status=status)
    assert noted() == [document.pk]
    assert str(ReadyTranscript.objects.get()) == str(document.pk)
    assert abs((timezone.now() - ReadyTranscript.objects.get().ready_at).total_seconds()) < 60


@pytest.mark.parametrize(
    "values",
    [
        {"status": "draft"},
        {"status": "superseded"},
        {"status": None},
        {"turns": None},
        {"schema_type": "document"},
        {"withdrawn_at": START},
    ],
    ids=str,
)
def test_what_the_api_does_not_serve_is_not_noted_until_it_does(encounter, values):
    document = draft(encounter, **{"status": "completed", **values})
    assert noted() == []
    ready = {"status": "completed", "turns": TURNS, "schema_type": "ambient_transcript", "withdrawn_at": None}
    Document.objects.filter(pk=document.pk).update(**ready)
    assert noted() == [document.pk]


@pytest.mark.parametrize("values", [{"record_class": "training"}, {"withdrawn_at": START}], ids=str)
def test_a_transcript_of_an_encounter_that_is_not_served_is_noted_when_it_is(partner, values):
    encounter = EncounterFactory(organization=partner, **values)
    document = draft(encounter, status="completed")
    draft(encounter)
    assert noted() == []
    Encounter.objects.filter(pk=encounter.pk).update(record_class="clinical", withdrawn_at=None)
    assert noted() == [document.pk]


def test_a_transcript_that_becomes_ready_while_it_is_restricted_is_noted_at_the_end(encounter):
    of_encounter, document = restrict(encounter), draft(encounter)
    of_document = restrict(document)
    Document.objects.update(status="completed")
    assert noted() == []
    of_encounter.lift(CHANGE)
    assert noted() == []
    of_document.lift(CHANGE)
    assert noted() == [document.pk]


def test_a_transcript_of_an_encounter_that_was_restricted_is_noted_at_the_end(encounter):
    restriction, document = restrict(encounter.patient), draft(encounter, status="completed")
    assert noted() == []
    restriction.lift(CHANGE)
    assert noted() == [document.pk]


def test_a_transcript_that_moves_to_a_served_encounter_is_noted(encounter):
    document = draft(EncounterFactory(record_class="demo"), status="completed")
    Document.objects.filter(pk=document.pk).update(encounter=encounter)
    assert noted() == [document.pk]


def test_a_transcript_is_noted_once_whatever_comes_later(encounter):
    document = Document.objects.filter(pk=draft(encounter, status="completed").pk)
    ReadyTranscript.objects.update(taken_at=timezone.now())
    for values in ({"title": "x"}, {"status": "amended"}, {"status": "draft"}, {"status": "completed"}):
        document.update(**values)
    Encounter.objects.update(record_class="demo")
    Encounter.objects.update(record_class="clinical")
    assert not ReadyTranscript.objects.filter(taken_at=None).exists()


def test_many_transcripts_are_noted_in_one_statement(encounter):
    documents = [draft(encounter) for _ in range(5)]
    Document.objects.filter(encounter=encounter).update(status="completed")
    assert noted() == [each.pk for each in documents]


def test_an_organization_without_an_endpoint_is_not_noted(organization):
    added(OrganizationFactory()).switch_off(CHANGE)
    draft(EncounterFactory(organization=organization), status="completed")
    assert noted() == []


def test_nothing_is_noted_of_a_transaction_that_is_rolled_back(encounter):

    with transaction.atomic():
        draft(encounter, status="completed")
        transaction.set_rollback(True)
    assert noted() == []


@pytest.mark.parametrize("name", ["insert", "update", "served"])
def test_a_trigger_that_is_gone_is_noticed_and_installed_again(name):
    table = "encounters_encounter" if name == "served" else "encounters_document"
    on = f" ON {table}" if connection.vendor == "postgresql" else ""
    with connection.cursor() as cursor:
        cursor.execute(f"DROP TRIGGER ready_transcript_{name}{on}")
    assert not comparing.in_place(connection, SET)
    installing.ensure(connection, SET)
    assert comparing.in_place(connection, SET)


@pytest.mark.postgresql
@pytest.mark.skipif(connection.vendor != "postgresql", reason="of PostgreSQL")
@pytest.mark.parametrize("each", TRIGGERS, ids=lambda each: each.name)
def test_the_encounter_of_a_transcript_is_found_by_its_key(each):
    """Also in a table that is new, of which the database knows nothing."""
    forget_statistics("encounters_encounter", "encounters_document", "encounters_patient")
    plan = str(execute(f"EXPLAIN {each._note('postgresql').replace('NEW.id', '1')}"))
    assert "Index Scan using encounters_encounter_pkey on encounters_encounter" in plan
    assert "encounter_served" not in plan
