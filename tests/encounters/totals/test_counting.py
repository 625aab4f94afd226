"""The triggers that update the counts: when they are installed, and that no encounter is missed."""

import pytest
from django.apps import apps
from django.core.management import call_command
from django.db import connection, models, transaction
from django.db.migrations import Migration
from django.db.utils import DatabaseError

from encounters.apps import keep_counts, make_way
from encounters.models import Encounter, EncounterCount
from encounters.totals import counting
from partners.identifiers import new_id
from tests.encounters.support.counted import COLUMNS, execute, kept, store, wrong
from tests.factories import START, OrganizationFactory

pytestmark = pytest.mark.django_db
only_postgresql = pytest.mark.skipif(connection.vendor != "postgresql", reason="of PostgreSQL")
only_sqlite = pytest.mark.skipif(connection.vendor != "sqlite", reason="of SQLite")


@pytest.fixture
def organization(db):
    """Return an organization with three encounters, with all constraints already checked."""
    organization = OrganizationFactory()
    store(organization, 3)
    if connection.vendor == "postgresql":
        execute("SET CONSTRAINTS ALL IMMEDIATE")
    return organization


def migrated():
    """Run what follows each migration."""
    keep_counts(apps.get_app_config("encounters"), "default")


def test_a_migrated_database_has_the_triggers():
    assert counting.in_place(connection)


def test_encounters_from_before_the_triggers_are_counted(organization):
    counting.remove(connection)
    EncounterCount.objects.all().delete()
    store(organization, 4)
    migrated()
    assert (kept(organization), wrong()) == (7, [])


def test_encounters_written_without_the_triggers_are_counted(organization):
    counting.remove(connection)
    store(organization, 4)
    assert kept(organization) == 3
    migrated()
    store(organization, 2)
    assert (kept(organization), wrong()) == (9, [])


def test_a_migration_that_changes_nothing_does_not_count_again(organization):
    EncounterCount.objects.update(matches=models.F("matches") + 100)
    migrated()
    assert kept(organization) == 103


def test_only_the_triggers_of_the_encounters_are_removed(organization):
    others = (
        "SELECT count(*) FROM "
        + {"sqlite": "sqlite_master WHERE type = 'trigger'", "postgresql": "pg_trigger"}[connection.vendor]
    )
    before = execute(others)
    counting.remove(connection)
    assert before[0][0] - execute(others)[0][0] == 4
    assert not counting.in_place(connection)


@only_sqlite
def test_a_trigger_with_another_definition_is_replaced(organization):
    execute("DROP TRIGGER encounter_count_delete")
    execute("CREATE TRIGGER encounter_count_delete AFTER DELETE ON encounters_encounter BEGIN SELECT 1; END")
    Encounter.objects.first().delete()
    migrated()
    assert (kept(organization), wrong(), counting.in_place(connection)) == (2, [], True)


@pytest.mark.postgresql
@only_postgresql
@pytest.mark.parametrize(
    "change",
    [
        "CREATE OR REPLACE FUNCTION encounter_count_insert() RETURNS trigger LANGUAGE plpgsql"
        " AS 'BEGIN RETURN NULL; END'",
        "ALTER TABLE encounters_encounter DISABLE TRIGGER encounter_count_insert",
        "ALTER TABLE encounters_encounter ENABLE REPLICA TRIGGER encounter_count_insert",
        "DROP TRIGGER encounter_count_insert ON encounters_encounter",
        "CREATE OR REPLACE TRIGGER encounter_count_insert AFTER UPDATE ON encounters_encounter"
        " REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION encounter_count_insert()",
    ],
)
def test_a_trigger_that_is_not_as_it_is_defined_is_restored(organization, change):
    execute(change)
    store(organization, 4)
    assert kept(organization) == 3
    execute("SET CONSTRAINTS ALL IMMEDIATE")
    migrated()
    store(organization)
    assert (kept(organization), wrong(), counting.in_place(connection)) == (8, [], True)


@pytest.mark.postgresql
@only_postgresql
def test_a_trigger_that_fires_in_replication_too_is_good(organization):
    execute("ALTER TABLE encounters_encounter ENABLE ALWAYS TRIGGER encounter_count_insert")
    assert counting.in_place(connection)


@pytest.mark.postgresql
@only_postgresql
def test_the_tables_are_found_without_a_search_path(organization):
    execute("SET LOCAL search_path TO ''")
    execute("DELETE FROM public.encounters_encounter")
    execute("SET LOCAL search_path TO public")
    assert kept(organization) == 0


@pytest.mark.postgresql
@only_postgresql
def test_nothing_is_written_if_no_count_changes(organization):
    places = "SELECT CAST(ctid AS text) FROM encounters_encountercount ORDER BY ctid"
    before = execute(places)
    Encounter.objects.update(status="unknown", created_at=models.F("created_at"))
    Encounter.objects.filter(pk=0).delete()
    assert execute(places) == before


def test_the_database_accepts_only_known_grains(organization):
    with pytest.raises(DatabaseError), transaction.atomic():
        EncounterCount.objects.filter(grain="day").update(grain="year")


def test_nothing_is_installed_before_the_tables_exist(monkeypatch):
    counting.remove(connection)
    monkeypatch.setattr(connection.introspection, "table_names", lambda: [Encounter._meta.db_table])
    migrated()
    assert not counting.in_place(connection)


# A database whose commits are real -----------------------------------------------------------------------------------
@pytest.fixture
def practice(committed):
    """An organization with three encounters."""
    organization = OrganizationFactory()
    store(organization, 3)
    return organization


def test_a_rebuilt_table_is_counted_again(practice):
    old = Encounter._meta.get_field("service_provider")
    new = models.TextField(null=True)
    new.set_attributes_from_name("service_provider")
    for one, other in ((old, new), (new, old)):
        make_way(apps.get_app_config("encounters"), "default", plan=[(Migration("0", "encounters"), False)])
        with connection.schema_editor() as editor:
            editor.alter_field(Encounter, one, other)
        store(practice, 2)
        call_command("migrate", verbosity=0)
        assert wrong() == []
    assert (kept(practice), counting.in_place(connection)) == (7, True)


def test_the_counts_go_and_come_back_with_their_migration(practice):
    try:
        call_command("migrate", "encounters", "0002", verbosity=0)
        for _ in range(2):  # by SQL: the model has columns that the table has not
            values = [new_id("enc"), practice.pk, "ambient", "completed", "clinical", "", *[START.isoformat(" ")] * 2]
            execute(f"INSERT INTO encounters_encounter ({COLUMNS}) VALUES ({', '.join(['%s'] * 8)})", values)
    finally:
        call_command("migrate", verbosity=0)
    assert (kept(practice), wrong()) == (5, [])


@pytest.mark.parametrize("first", ["encounters_encounter", "encounters_encountercount"])
def test_a_database_that_is_emptied_has_no_counts_left(practice, first):
    last = {"encounters_encounter": "encounters_encountercount", "encounters_encountercount": "encounters_encounter"}
    empty = "DELETE FROM" if connection.vendor == "sqlite" else "TRUNCATE"
    for table in (first, last[first]):
        execute(f"{empty} {table}{' CASCADE' if empty == 'TRUNCATE' else ''}")
    assert not EncounterCount.objects.filter(matches__gt=0).exists()
    store(practice, 2)
    assert (kept(practice), wrong()) == (2, [])
