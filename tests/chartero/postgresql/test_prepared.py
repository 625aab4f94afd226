"""Prepared statements: their values, their errors, and how they fit in with everything else of a session."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from django.db import DataError, IntegrityError, OperationalError, ProgrammingError, connection, transaction
from psycopg import errors

from chartero.postgresql import plans, sessions
from chartero.postgresql.breaker import Breaker
from partners.statements import Statement
from tests.api import Api
from tests.factories import EncounterFactory, OrganizationFactory, issue

pytestmark = [
    pytest.mark.direct,
    pytest.mark.skipif(connection.vendor != "postgresql", reason="PostgreSQL only"),
]
NOON = datetime(2026, 5, 25, 12, 0, 0, 1, tzinfo=timezone(timedelta(hours=-3.5)))
PREPARED = "SELECT count(*) FROM pg_prepared_statements"


@pytest.fixture(autouse=True)
def within_a_call(committed, monkeypatch):
    """Send statements as a call does, in a session of their own."""
    monkeypatch.setattr(sessions, "BREAKER", Breaker())
    connection.close()
    with plans.made_once():
        yield
    connection.close()


def value(sql, *values):
    [[found]] = Statement(sql).rows(*values)
    return found


def by_cursor(sql, *values):
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        return cursor.fetchone()[0]


@pytest.mark.parametrize(
    ("kind", "given"),
    [
        ("text", "it's \\ 100% ' \" ü 漢 \U0001f600 \t\n"),
        ("text", ""),
        ("text", None),
        ("bigint", -(2**63)),
        ("bigint", 2**63 - 1),
        ("boolean", True),
        ("boolean", False),
        ("bytea", bytes(range(256))),
        ("bytea", b""),
        ("timestamptz", NOON),
        ("timestamptz", datetime(1, 1, 1, tzinfo=UTC)),
        ("timestamptz", datetime(9999, 12, 31, 23, 59, 59, 999999, tzinfo=UTC)),
    ],
)
def test_a_value_arrives_as_it_was_given(kind, given):
    assert value(f"SELECT %s::{kind}", given) == given == by_cursor(f"SELECT %s::{kind}", given)


def test_a_list_of_keys_arrives_as_its_text():
    assert value("SELECT %s::bigint[]", "{1,2}") == [1, 2]


def test_a_value_of_another_type_is_an_error_of_ours():
    with pytest.raises(KeyError):
        value("SELECT %s::numeric", 1.5)


def test_a_text_with_a_nul_is_refused():
    with pytest.raises(DataError):
        value("SELECT %s::text", "enc_1\0x")
    assert value("SELECT %s::text", "enc_1") == "enc_1"


def test_a_statement_is_prepared_once_for_a_session():
    for number in range(3):
        assert value("SELECT %s::bigint + 1", number) == number + 1
    assert by_cursor(PREPARED) == 1
    connection.close()
    assert by_cursor(PREPARED) == 0


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        ("SELECT nothing FROM nowhere", ProgrammingError),
        ("INSERT INTO partners_apikeyswitch (id, enabled) VALUES (1, TRUE)", IntegrityError),
        ("SELECT pg_cancel_backend(pg_backend_pid())", OperationalError),
    ],
)
def test_an_error_is_one_of_djangos_and_the_session_goes_on(sql, expected):
    with pytest.raises(expected) as raised:
        Statement(sql).rows()
    assert raised.value.__cause__.sqlstate
    assert value("SELECT 1") == 1


def test_a_session_that_the_server_ends_is_an_operational_error_and_unfit():
    with pytest.raises(OperationalError) as raised:
        value("SELECT pg_terminate_backend(pg_backend_pid())")
    assert sessions.is_unfit(raised.value)
    with pytest.raises(OperationalError) as raised:
        value("SELECT 1")
    assert sessions.is_unfit(raised.value)


def test_a_silent_server_is_left_at_the_deadline():
    value("SELECT 1")
    with pytest.raises(OperationalError) as raised, sessions.within(0.2):
        value("SELECT 1 FROM pg_sleep(30)")
    assert isinstance(raised.value.__cause__, sessions.SilentServer)


def test_prepared_statements_stay_after_a_rollback_and_a_dropped_table():
    assert value("SELECT 4711") == 4711
    with transaction.atomic():
        by_cursor("SELECT 1")
        transaction.set_rollback(True)
    with connection.cursor() as cursor:
        cursor.execute("CREATE TEMPORARY TABLE passing (id bigint)")
        cursor.execute("DROP TABLE passing")
    assert value("SELECT 4711") == 4711
    assert by_cursor(PREPARED) == 1


def count() -> int:
    return by_cursor("SELECT count(*) FROM partners_keynetwork")


def test_statements_of_a_transaction_are_committed_or_undone_together():
    key = issue(OrganizationFactory())[0]
    insert = Statement("INSERT INTO partners_keynetwork (api_key_id, network, first_seen_at) VALUES (%s, %s, %s)")
    for undone, expected in ((True, 0), (False, 2)):
        with transaction.atomic():
            assert insert.execute(key.pk, "198.51.100.0/24", NOON) == 1
            assert insert.execute(key.pk, "203.0.113.0/24", NOON) == 1
            transaction.set_rollback(undone)
        assert count() == expected


def test_in_a_failed_transaction_nothing_runs():
    with transaction.atomic():
        transaction.set_rollback(True)
        with pytest.raises(transaction.TransactionManagementError):
            value("SELECT 1")


def test_whoever_watches_statements_sees_them(django_assert_num_queries):
    seen = []
    with connection.execute_wrapper(lambda run, sql, *rest: seen.append(sql) or run(sql, *rest)):
        assert value("SELECT %s::bigint", 1) == 1
    assert seen == ["SELECT %s::bigint"]
    with django_assert_num_queries(1):
        assert value("SELECT 1") == 1


def test_a_prepared_statement_that_is_gone_costs_no_call():
    organization = OrganizationFactory()
    EncounterFactory(organization=organization)
    api = Api(issue(organization)[1])
    assert api.get().status_code == 200
    forget_statements()
    assert [api.get().status_code for _ in range(2)] == [200, 200]


def forget_statements():
    with connection.cursor() as cursor:
        cursor.execute("DEALLOCATE ALL")


def test_the_error_of_a_missing_statement_names_it():
    value("SELECT 1")
    forget_statements()
    with pytest.raises(ProgrammingError) as raised:
        value("SELECT 1")
    assert isinstance(raised.value.__cause__, errors.InvalidSqlStatementName)
