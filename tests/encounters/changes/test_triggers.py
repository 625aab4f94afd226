"""What is logged as a change, whoever writes, and what is not."""

from datetime import date, timedelta

import pytest
from django.db import connection, transaction

from encounters.changes import triggers
from encounters.changes.triggers import DOCUMENT, ENCOUNTER, PATIENT
from encounters.models import Document, Encounter, EncounterChange, Patient
from tests.encounters.support.counted import execute, store
from tests.encounters.support.logged import forget, kinds, logged
from tests.factories import START, DocumentFactory, EncounterFactory, OrganizationFactory, PatientFactory

pytestmark = pytest.mark.django_db
LATER = START + timedelta(days=1)
ENCOUNTER_CHANGES = {
    "encounter_type": "clinical_documentation",
    "status": "cancelled",
    "date_of_service": LATER,
    "created_at": LATER,
    "updated_at": LATER,
    "patient": None,
}
PATIENT_CHANGES = {
    "first_name": "Another",
    "last_name": None,
    "date_of_birth": date(1980, 2, 3),
    "withdrawn_at": LATER,
}
DOCUMENT_CHANGES = {
    "schema_type": "document",
    "title": "Another",
    "status": "amended",
    "workflow_variant": "other",
    "audio_duration_seconds": 12.5,
    "content": "# Another",
    "transcript_provider": "Another",
    "audio": "another.wav",
    "turns": [{"speaker": "clinician", "start": 0, "end": 1, "text": "Hello"}],
    "created_at": LATER,
    "updated_at": LATER,
    "withdrawn_at": LATER,
}


@pytest.fixture
def encounter(organization):
    """Return a served encounter with a patient and a transcript, of which nothing is logged yet."""
    encounter = EncounterFactory(organization=organization)
    DocumentFactory(encounter=encounter)
    forget()
    return encounter


def change(row, **values):
    type(row).objects.filter(pk=row.pk).update(**values)


@pytest.mark.parametrize("name", ENCOUNTER_CHANGES)
def test_each_served_field_of_an_encounter_updates_it(encounter, name):
    change(encounter, **{name: ENCOUNTER_CHANGES[name]})
    assert logged(encounter.organization) == [(encounter.public_id, "updated")]


@pytest.mark.parametrize("name", PATIENT_CHANGES)
def test_each_served_field_of_a_patient_updates_the_encounter(encounter, name):
    change(encounter.patient, **{name: PATIENT_CHANGES[name]})
    assert logged(encounter.organization) == [(encounter.public_id, "updated")]


@pytest.mark.parametrize("name", DOCUMENT_CHANGES)
def test_each_served_field_of_a_document_updates_the_encounter(encounter, name):
    change(encounter.documents.get(), **{name: DOCUMENT_CHANGES[name]})
    assert logged(encounter.organization) == [(encounter.public_id, "updated")]


@pytest.mark.parametrize(
    ("model", "columns", "otherwise"),
    [
        (
            Encounter,
            ENCOUNTER,
            {"id", "organization_id", "record_class", "withdrawn_at", "restricted_at", "service_provider"},
        ),
        (Patient, PATIENT, {"id"}),
        (Document, DOCUMENT, {"id"}),
    ],
)
def test_every_column_is_known_to_the_triggers(model, columns, otherwise):
    assert {field.column for field in model._meta.concrete_fields} == {*columns} | otherwise


def test_a_new_encounter_is_available(organization):
    (encounter,) = store(organization)
    assert logged(organization) == [(encounter.public_id, "available")]


def test_many_encounters_of_one_statement_are_available(organization):
    encounters = store(organization, 5)
    assert sorted(logged(organization)) == sorted((each.public_id, "available") for each in encounters)


def test_a_new_document_updates_the_encounter(encounter):
    DocumentFactory(encounter=encounter)
    assert kinds(encounter.organization) == ["updated"]


def test_a_deleted_document_updates_the_encounter(encounter):
    encounter.documents.all().delete()
    assert kinds(encounter.organization) == ["updated"]


def test_a_document_that_moves_updates_both_encounters(encounter):
    other = EncounterFactory(organization=encounter.organization)
    forget()
    change(encounter.documents.get(), encounter=other)
    assert sorted(logged(encounter.organization)) == sorted((each.public_id, "updated") for each in (encounter, other))


@pytest.mark.parametrize("taken", [{"withdrawn_at": LATER}, {"record_class": "training"}, {"record_class": "demo"}])
def test_an_encounter_that_is_no_longer_served_is_withdrawn_and_comes_back(encounter, taken):
    before = {name: getattr(encounter, name) for name in taken}
    change(encounter, **taken)
    assert kinds(encounter.organization) == ["withdrawn"]
    forget()
    change(encounter, **before)
    assert kinds(encounter.organization) == ["available"]


def test_a_deleted_encounter_is_withdrawn(encounter):
    encounter.documents.all().delete()
    forget()
    public_id = encounter.public_id
    encounter.delete()
    assert logged(encounter.organization) == [(public_id, "withdrawn")]


def test_an_encounter_that_moves_is_withdrawn_here_and_available_there(encounter):
    there = OrganizationFactory()
    change(encounter, organization=there)
    assert (kinds(encounter.organization), kinds(there)) == (["withdrawn"], ["available"])


def test_a_patient_of_another_organization_is_not_served_and_changes_nothing(encounter):
    stranger = PatientFactory()
    change(encounter, patient=stranger)
    forget()
    change(stranger, first_name="Another")
    assert not EncounterChange.objects.exists()


def test_a_patient_changes_all_of_their_served_encounters(encounter):
    others = EncounterFactory.create_batch(2, organization=encounter.organization, patient=encounter.patient)
    change(others[1], withdrawn_at=LATER)
    forget()
    change(encounter.patient, first_name="Another")
    assert {public_id for public_id, _ in logged(encounter.organization)} == {
        encounter.public_id,
        others[0].public_id,
    }


@pytest.mark.parametrize("act", ["same values", "what is not served", "nothing", "a source record"])
def test_a_write_that_changes_nothing_served_is_no_change(encounter, act):
    if act == "same values":
        encounter.save(), encounter.patient.save(), encounter.documents.get().save()
    elif act == "what is not served":
        change(encounter, service_provider="Another")
    elif act == "nothing":
        Encounter.objects.filter(pk=0).update(status="cancelled")
    else:
        Patient.objects.create(organization=encounter.organization)
    assert not EncounterChange.objects.exists()


def test_what_was_never_served_has_no_changes(organization):
    hidden = EncounterFactory(organization=organization, record_class="demo")
    document = DocumentFactory(encounter=hidden)
    change(document, title="Another")
    change(hidden.patient, first_name="Another")
    change(hidden, status="cancelled")
    document.delete(), hidden.delete()
    assert not EncounterChange.objects.exists()


def test_a_withdrawn_document_has_no_changes(encounter):
    document = encounter.documents.get()
    change(document, withdrawn_at=LATER)
    forget()
    change(document, title="Another")
    DocumentFactory(encounter=encounter, withdrawn_at=LATER)
    document.delete()
    assert not EncounterChange.objects.exists()


def test_a_change_that_is_rolled_back_is_not_logged(encounter):
    with transaction.atomic():
        change(encounter, status="cancelled")
        transaction.set_rollback(True)
    assert not EncounterChange.objects.exists()


def test_raw_sql_is_logged(encounter):
    execute("UPDATE encounters_encounter SET status = 'cancelled'")
    assert kinds(encounter.organization) == ["updated"]


@pytest.mark.postgresql
@pytest.mark.skipif(connection.vendor != "postgresql", reason="of PostgreSQL")
class TestPostgreSQL:
    """What only PostgreSQL can do."""

    def test_a_transaction_has_one_change_of_an_encounter(self, organization):
        encounter = EncounterFactory(organization=organization)
        DocumentFactory(encounter=encounter), change(encounter, status="cancelled")
        assert logged(organization) == [(encounter.public_id, "available")]
        change(encounter, withdrawn_at=LATER)
        assert logged(organization) == [(encounter.public_id, "withdrawn")]

    def test_the_encounters_of_documents_are_found_by_their_key(self):
        """Also in a table that is new, of which the database knows nothing."""
        for each in ("enable_seqscan", "enable_nestloop"):
            execute(f"SET LOCAL {each} = off")
        plan = execute(f"EXPLAIN {triggers._of_documents('SELECT CAST(1 AS bigint) AS encounter_id')}")
        assert "Index Scan using encounters_encounter_pkey" in str(plan)

    @pytest.mark.parametrize(
        ("table", "change"), [("encounters_encounter", "withdrawn"), ("encounters_document", "updated")]
    )
    def test_an_emptied_table_changes_every_encounter(self, encounter, table, change):
        execute("SET CONSTRAINTS ALL IMMEDIATE")
        execute(f"TRUNCATE {table} CASCADE")
        assert logged(encounter.organization) == [(encounter.public_id, change)]


@pytest.mark.skipif(connection.vendor != "sqlite", reason="of SQLite")
def test_positions_on_sqlite_count_up_for_each_organization(organization):
    store(organization, 2), store(OrganizationFactory(), 1), store(organization, 1)
    rows = EncounterChange.objects.filter(organization=organization)
    assert sorted(rows.values_list("position", flat=True)) == [1, 2, 3]
