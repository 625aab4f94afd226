"""What migrations do with the triggers that write to tables of others."""

import pytest
from django.core.management import call_command
from django.db import connection

from encounters.changes import triggers as changes
from partners.triggers import comparing, installing
from tests.encounters.support.counted import execute, store
from tests.encounters.support.logged import kinds
from tests.factories import DocumentFactory, EncounterFactory

TURNS = [{"speaker": "A", "start": 0.0, "end": 1.0, "text": "Invented."}]
BEFORE = [
    *(("encounters", "0009"), ("encounters", "0007"), ("encounters", "0006"), ("encounters", "0005")),
    *(("partners", "0031"), ("partners", "0019")),
]
# The models have columns that the tables don't have then.
WRITES = (
    "UPDATE encounters_document SET status = 'amended'",
    "UPDATE encounters_encounter SET status = 'cancelled'",
    "DELETE FROM encounters_document",
    "DELETE FROM encounters_encounter",
    "UPDATE partners_organization SET name = 'Another'",
)


@pytest.mark.postgresql
@pytest.mark.parametrize(("app", "migration"), BEFORE)
def test_data_can_be_written_where_what_triggers_name_was_undone(committed, organization, app, migration):
    DocumentFactory(encounter=EncounterFactory(organization=organization), turns=TURNS)
    try:
        call_command("migrate", app, migration, verbosity=0)
        for write in WRITES:
            execute(write)
    finally:
        call_command("migrate", verbosity=0)
    assert comparing.faults(connection) == []


@pytest.mark.django_db
def test_migrate_installs_triggers_that_are_missing(organization):
    installing.remove(connection, changes.SET)
    store(organization)
    assert (kinds(organization), comparing.in_place(connection, changes.SET)) == ([], False)
    if connection.vendor == "postgresql":
        execute("SET CONSTRAINTS ALL IMMEDIATE")
    call_command("migrate", verbosity=0)
    store(organization)
    assert (kinds(organization), comparing.in_place(connection, changes.SET)) == (["available"], True)


@pytest.mark.skipif(connection.vendor != "sqlite", reason="of SQLite")
@pytest.mark.django_db(transaction=True)
def test_migrations_can_rebuild_a_table_that_the_triggers_name(committed):
    call_command("migrate", "encounters", "0001", verbosity=0)
    call_command("migrate", verbosity=0)
    assert comparing.faults(connection) == []
