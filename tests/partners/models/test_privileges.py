"""What the role of the web service may do: what it needs with each table, and nothing that alters the record."""

import pytest
from django.db import ProgrammingError, connection, transaction

from partners.models import RequestRecord, privileges
from tests.factories import RequestRecordFactory, issue

pytestmark = pytest.mark.postgresql
ALL = "SELECT INSERT UPDATE DELETE"
KEPT = "SELECT INSERT UPDATE"  # nothing but an owner's command deletes it
FINAL = "SELECT INSERT"
READ = "SELECT"

# A new table belongs here: decide what the web service may do with it.
EXPECTED = {
    "auth_group": ALL,
    "auth_group_permissions": ALL,
    "auth_permission": READ,
    "auth_user": ALL,
    "auth_user_groups": ALL,
    "auth_user_user_permissions": ALL,
    "axes_accessattempt": ALL,
    "axes_accessattemptexpiration": ALL,
    "axes_accessfailurelog": ALL,
    "axes_accesslog": ALL,
    "django_admin_log": ALL,
    "django_content_type": READ,
    "django_migrations": READ,
    "django_session": ALL,
    "encounters_changehorizon": ALL,
    "encounters_document": ALL,
    "encounters_encounter": ALL,
    "encounters_encounterchange": ALL,
    "encounters_encountercount": ALL,
    "encounters_patient": ALL,
    "encounters_readytranscript": ALL,
    "encounters_restriction": ALL,
    "encounters_sourcerecord": ALL,
    "partners_allowednetwork": ALL,
    "partners_apikey": KEPT,
    "partners_apikey_scopes": ALL,
    "partners_apikeyswitch": ALL,
    "partners_accessreview": FINAL,
    "partners_approval": KEPT,
    "partners_changeevent": FINAL,
    "partners_expirynotice": ALL,
    "partners_formuse": ALL,
    "partners_guessingalert": ALL,
    "partners_keyhandover": ALL,
    "partners_keyleak": ALL,
    "partners_keynetwork": ALL,
    "partners_keyuse": ALL,
    "partners_limituse": ALL,
    "partners_onboardingcount": ALL,
    "partners_onboardingrequest": KEPT,
    "partners_organization": KEPT,
    "partners_requestrecord": FINAL,
    "partners_routegrant": ALL,
    "partners_scope": READ,
    "partners_seal": FINAL,
    "partners_unkeyedanswer": ALL,
    "partners_unkeyedcount": FINAL,
    "partners_usagecount": ALL,
    "partners_usageprogress": ALL,
    "partners_verification": ALL,
    "partners_webhookattempt": FINAL,
    "partners_webhookdelivery": KEPT,
    "partners_webhookendpoint": KEPT,
    "partners_webhookevent": FINAL,
    "partners_webhookservice": ALL,
    "partners_wrongkeys": ALL,
    "signin_phone": ALL,
    "signin_recoverycode": ALL,
    "signin_sessionepoch": ALL,
}


def test_each_table_has_the_privileges_that_were_decided():
    given = {each.table: {*each.names, *(["INSERT"] if each.columns else [])} for each in privileges.granted()}
    assert given == {table: set(names.split()) for table, names in EXPECTED.items()}


def test_rows_that_are_never_altered_get_their_numbers_from_the_database():
    assert {each.table for each in privileges.granted() if each.columns and not each.whole} == {
        "partners_accessreview",
        "partners_changeevent",
        "partners_requestrecord",
        "partners_unkeyedcount",
        "partners_webhookattempt",
        "partners_webhookevent",
    }
    assert all("id" not in each.columns for each in privileges.granted() if not each.whole)


RECORD, TRIGGER = "partners_requestrecord", "request_record_is_final"
OF_FILES = [f"COPY {RECORD} TO '/tmp/record'", "SELECT pg_read_file('/etc/hostname')"]
FORBIDDEN = [
    *(
        f"UPDATE {table} SET id = id"
        for table in ("partners_changeevent", RECORD, "partners_webhookevent", "partners_accessreview")
    ),
    *(f"DELETE FROM {table}" for table in ("partners_changeevent", RECORD, "partners_unkeyedcount")),
    *(
        f"DELETE FROM {table}"
        for table in ("partners_apikey", "partners_organization", "partners_approval", "partners_accessreview")
    ),
    *(f"DELETE FROM partners_{table}" for table in ("webhookattempt", "webhookdelivery", "webhookevent")),
    "DELETE FROM partners_onboardingrequest",
    *(f"TRUNCATE {table} CASCADE" for table in ("partners_changeevent", RECORD, "partners_apikey", "auth_group")),
    f"INSERT INTO {RECORD} SELECT * FROM {RECORD}",
    "INSERT INTO partners_changeevent (id, action) VALUES (1, 'x')",
    "INSERT INTO partners_scope VALUES ('x', 'x')",
    "INSERT INTO django_migrations (app, name, applied) VALUES ('partners', '9999', now())",
    f"SELECT FROM {RECORD} FOR UPDATE",
    f"ALTER TABLE {RECORD} DISABLE TRIGGER {TRIGGER}",
    f"ALTER TABLE {RECORD} DISABLE TRIGGER ALL",
    f"ALTER TABLE {RECORD} ENABLE ROW LEVEL SECURITY",
    f"ALTER TABLE {RECORD} RENAME TO another",
    f"ALTER TABLE {RECORD} OWNER TO CURRENT_USER",
    f"ALTER TABLE {RECORD} ALTER COLUMN status SET DEFAULT 200",
    f"DROP TRIGGER {TRIGGER} ON {RECORD}",
    f"DROP TABLE {RECORD}",
    "DROP SCHEMA public CASCADE",
    f"CREATE TRIGGER another BEFORE INSERT ON {RECORD} FOR EACH ROW EXECUTE FUNCTION chartero_refuse('x')",
    f"CREATE OR REPLACE TRIGGER {TRIGGER} AFTER UPDATE ON {RECORD} EXECUTE FUNCTION chartero_refuse('x')",
    f"CREATE RULE another AS ON INSERT TO {RECORD} DO INSTEAD NOTHING",
    f"CREATE POLICY another ON {RECORD}",
    "CREATE OR REPLACE FUNCTION chartero_refuse() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'",
    "CREATE FUNCTION another() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'",
    "ALTER FUNCTION chartero_refuse() RENAME TO another",
    "DROP FUNCTION chartero_refuse() CASCADE",
    "CREATE TABLE another (id integer)",
    "CREATE SCHEMA another",
    f"CREATE INDEX another ON {RECORD} (status)",
    f"LOCK TABLE {RECORD} IN ACCESS EXCLUSIVE MODE",
    "SELECT setval('partners_requestrecord_id_seq', 1)",
    "ALTER SEQUENCE partners_requestrecord_id_seq RESTART",
    "SET session_replication_role = replica",
    "SET ROLE postgres",
    "ALTER ROLE CURRENT_USER SUPERUSER",
    "CREATE ROLE another",
    *OF_FILES,
]


@pytest.mark.parametrize("statement", FORBIDDEN)
def test_the_web_role_is_refused(become_web, statement):
    become_web()
    with pytest.raises(ProgrammingError) as refusal, transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)
    assert refusal.value.__cause__.sqlstate == "42501"


def test_the_owner_is_refused_few_of_them(become_web):
    """Otherwise the statements would prove nothing."""
    refused = []
    for statement in FORBIDDEN[: -len(OF_FILES)]:
        try:
            with transaction.atomic(), connection.cursor() as cursor:
                cursor.execute(statement)
                transaction.set_rollback(True)
        except Exception as fault:
            refused.append(getattr(fault.__cause__, "sqlstate", None))
    assert "42501" not in refused


def test_the_web_role_writes_the_record(become_web):
    key, _ = issue()
    become_web()
    RequestRecordFactory(api_key=key)
    assert RequestRecord.objects.count() == 1


def test_the_web_role_has_what_it_needs_and_no_more(become_web):
    assert privileges.owns(connection)
    become_web()
    assert not privileges.owns(connection)
    assert privileges.differing(connection) == ([], [])


@pytest.mark.parametrize(
    ("statement", "lacking", "beyond"),
    [
        (
            "REVOKE INSERT (status) ON partners_requestrecord FROM {role}",
            ["INSERT (status) on partners_requestrecord"],
            [],
        ),
        ("REVOKE DELETE ON partners_routegrant FROM {role}", ["DELETE on partners_routegrant"], []),
        (
            "REVOKE UPDATE ON partners_apikey FROM {role}; GRANT UPDATE (label) ON partners_apikey TO {role}",
            ["UPDATE on partners_apikey"],
            [],
        ),
        ("REVOKE SELECT ON partners_seal FROM {role}", ["SELECT on partners_seal"], []),
        ("GRANT UPDATE (status) ON partners_requestrecord TO {role}", [], ["UPDATE on partners_requestrecord"]),
        ("GRANT REFERENCES (number) ON partners_seal TO {role}", [], ["REFERENCES on partners_seal"]),
        ("GRANT TRIGGER ON partners_apikey TO PUBLIC", [], ["TRIGGER on partners_apikey"]),
        ("GRANT INSERT ON partners_changeevent TO {role}", [], ["INSERT (id) on partners_changeevent"]),
        ("DROP TABLE partners_wrongkeys", [], []),
    ],
)
def test_what_differs_is_named(become_web, web_role, statement, lacking, beyond):
    become_web()
    with connection.cursor() as cursor:
        cursor.execute("RESET SESSION AUTHORIZATION")
        cursor.execute(statement.format(role=web_role))
        cursor.execute(f"SET SESSION AUTHORIZATION {web_role}")
    assert privileges.differing(connection) == (lacking, beyond)
