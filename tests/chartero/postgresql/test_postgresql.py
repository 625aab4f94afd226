"""The database backend: connections that end, plans that are made once, statements with many values."""

import pytest
from django.db import DatabaseError, connection, transaction

from chartero.postgresql import plans
from partners.models import Organization, RequestRecord
from partners.statements import Statement
from tests.api import LIST, Api
from tests.factories import START, OrganizationFactory, issue

pytestmark = [
    pytest.mark.direct,
    pytest.mark.skipif(connection.vendor != "postgresql", reason="PostgreSQL only"),
    pytest.mark.usefixtures("committed"),
]


def value(sql: str):
    with connection.cursor() as cursor:
        cursor.execute(sql)
        return cursor.fetchone()[0]


@pytest.fixture
def other():
    """Return a second connection to the same database."""
    copy = connection.copy()
    yield copy
    copy.close()


def statements(call) -> list[str]:
    """Return what PostgreSQL is asked besides what Django executes for its callers."""
    raw, sent = connection.connection, []
    execute = raw.execute
    raw.execute = lambda sql, *rest, **options: sent.append(str(sql)) or execute(sql, *rest, **options)
    try:
        call()
    finally:
        del raw.execute
    return sent


def test_a_connection_on_which_nothing_waits_is_taken_without_a_statement():
    value("SELECT 1")
    assert statements(lambda: connection.is_usable()) == []
    assert connection.is_usable() is True


def end_by(other) -> None:
    """Have the server end the connection."""
    pid = value("SELECT pg_backend_pid()")
    with other.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(%s, 2000)", [pid])


def test_a_connection_that_the_server_has_ended_is_not_usable(other):
    end_by(other)
    assert connection.is_usable() is False
    connection.close()


def test_a_connection_that_is_closed_here_is_not_usable():
    value("SELECT 1")
    connection.connection.close()
    assert connection.is_usable() is False
    connection.close()


def test_a_connection_in_a_broken_transaction_is_not_usable():
    with transaction.atomic():
        with pytest.raises(DatabaseError):
            value("SELECT nothing FROM nowhere")
        assert connection.is_usable() is False
        transaction.set_rollback(True)
    assert connection.is_usable() is True


def test_a_connection_on_which_a_notice_waits_is_usable(other):
    value("SELECT 1")
    with connection.cursor() as cursor:
        cursor.execute("LISTEN something")
    with other.cursor() as cursor:
        cursor.execute("NOTIFY something")
    value("SELECT pg_sleep(0.05)")
    assert connection.is_usable() is True


def test_the_next_call_after_the_server_has_ended_the_connection_is_answered(other):
    _, token = issue(OrganizationFactory())
    assert Api(token).get().status_code == 200
    end_by(other)
    assert Api(token).get().status_code == 200


def test_the_first_statement_of_a_call_replaces_a_lost_connection(other, monkeypatch):
    _, token = issue(OrganizationFactory())
    end_by(other)
    monkeypatch.setattr(connection, "health_check_enabled", False)
    assert [Api(token).get().status_code for _ in range(2)] == [200, 200]


def test_calls_are_planned_once_and_pages_for_each_call():
    with plans.made_once():
        assert value("SHOW plan_cache_mode") == "force_generic_plan"
    assert value("SHOW plan_cache_mode") == "auto"


def test_a_session_changes_its_mode_only_when_the_kind_of_work_changes():
    value("SELECT 1")
    with plans.made_once():
        assert statements(lambda: [value("SELECT 1") for _ in range(3)]) == ["SET plan_cache_mode = force_generic_plan"]
    assert statements(lambda: [value("SELECT 1") for _ in range(3)]) == ["SET plan_cache_mode = auto"]


def test_a_transaction_that_is_undone_leaves_the_mode_as_it_is_known():
    with plans.made_once():
        value("SELECT 1")
    with transaction.atomic():
        value("SELECT 1")
        transaction.set_rollback(True)
    assert value("SHOW plan_cache_mode") == "auto"


def test_a_new_connection_starts_without_state():
    with plans.made_once():
        value("SELECT 1")
        connection.close()
        assert value("SHOW plan_cache_mode") == "force_generic_plan"
    connection.close()
    assert value("SHOW plan_cache_mode") == "auto"


def test_a_call_runs_on_plans_made_once():
    _, token = issue(OrganizationFactory())
    assert Api(token).get(LIST).status_code == 200
    assert value("SELECT generic_plans > 0 FROM pg_prepared_statements WHERE statement LIKE '%apikeyswitch%'") is True


def test_the_statements_of_a_call_are_prepared_and_no_others():
    value("SELECT 4711")
    with plans.made_once():
        Statement("SELECT 4712").rows()
        value("SELECT 4713")
    Statement("SELECT 4714").rows()
    prepared = "SELECT string_agg(statement, '; ') FROM pg_prepared_statements WHERE statement LIKE 'SELECT 471%'"
    assert value(prepared) == "SELECT 4712"


def test_more_rows_than_a_statement_takes_values_are_stored_in_several():
    alike = {"occurred_at": START, "api_key_id": 1, "route": "encounters.list", "status": 200, "count": 0}
    alike |= {"microseconds": 1, "new_network": False, "encounters": [], "patients": []}
    RequestRecord.objects.bulk_create([RequestRecord(**alike) for _ in range(4_000)])
    assert RequestRecord.objects.count() == 4_000


def test_rows_that_are_read_in_part_leave_no_cursor_for_the_garbage_collector_to_close():
    OrganizationFactory(), OrganizationFactory()
    rows = Organization.objects.iterator(chunk_size=1)
    next(rows)
    assert value("SELECT count(*) FROM pg_cursors") == 0
