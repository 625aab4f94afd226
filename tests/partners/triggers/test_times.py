"""The time of a row of the record is that of the database, unless the owner of the tables asks for another."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import IntegrityError, NotSupportedError, connection, transaction
from django.utils import timezone

from partners.checks import clocks_agree
from partners.models import ChangeEvent, RequestRecord
from partners.models.change import Action
from partners.partitions.present import partitions
from partners.record import ledger
from partners.triggers import comparing, times
from tests.factories import RequestRecordFactory, issue
from tests.partners.support import aged
from tests.partners.support.months import add, divide, execute

pytestmark = [pytest.mark.django_db, pytest.mark.postgresql, pytest.mark.clock_of_database]
POSTGRESQL = connection.vendor == "postgresql"
only_postgresql = pytest.mark.skipif(not POSTGRESQL, reason="SQLite has no roles and no clock of its own")
YEARS = timedelta(days=3 * 365)
SECONDS, TICK = timedelta(seconds=5), timedelta(microseconds=1)
MAKERS = {"change": aged.change, "request": lambda at: aged.request(issue()[0], at)}
MAKE = pytest.mark.parametrize("make", MAKERS.values(), ids=MAKERS)


def kept(row) -> timedelta:
    """Return how old a row is, as the database has it."""
    return timezone.now() - type(row).objects.get(pk=row.pk).occurred_at


@MAKE
@pytest.mark.parametrize("age", [YEARS, -YEARS, timedelta(minutes=2)])
def test_another_time_is_not_kept(make, age):
    at = timezone.now() - age
    if POSTGRESQL and make is MAKERS["request"] and age < timedelta(0):
        with pytest.raises(NotSupportedError, match="moving row to another partition"), transaction.atomic():
            make(at)
        return
    if POSTGRESQL:
        assert abs(kept(make(at))) < timedelta(seconds=30)
        return
    with pytest.raises(IntegrityError, match="the time of a record is that of the database"), transaction.atomic():
        make(at)


@MAKE
def test_a_row_of_now_is_kept(make):
    assert abs(kept(make(timezone.now()))) < timedelta(seconds=30)


@pytest.mark.skipif(POSTGRESQL, reason="PostgreSQL ignores what it is given")
@pytest.mark.parametrize("at", ["junk", "", None])
def test_what_is_no_time_is_refused_by_sqlite(at):
    columns = (
        "request_id, api_key_id, method, route, resource, query, status, reason_code, count, microseconds, address,"
        " new_network, encounters, patients, occurred_at"
    )
    row = "'a', 1, 'GET', '', '', '', 200, '', 0, 1, '', 0, '[]', '[]', %s"
    with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"INSERT INTO partners_requestrecord ({columns}) VALUES ({row})", [at])


@MAKE
def test_the_owner_can_insert_other_times_and_stop_it(make):
    with times.given(connection):
        assert kept(make(timezone.now() - YEARS)) > YEARS - timedelta(days=1)
    assert comparing.faults(connection) == []
    if POSTGRESQL:
        assert kept(make(timezone.now() - YEARS)) < timedelta(seconds=30)


@only_postgresql
def test_the_web_role_cannot(become_web):
    key, _ = issue()
    become_web()
    times.accept(connection)
    record = RequestRecordFactory(api_key=key, occurred_at=timezone.now() - YEARS)
    assert abs(kept(record)) < timedelta(seconds=30)
    RequestRecord.objects.bulk_create([RequestRecordFactory.build(api_key=key, occurred_at=timezone.now() - YEARS)])
    assert not RequestRecord.objects.filter(occurred_at__lt=timezone.now() - timedelta(minutes=1)).exists()


@only_postgresql
def test_a_slow_statement_does_not_back_date_a_change():
    with connection.cursor() as cursor:
        cursor.execute("""
            INSERT INTO partners_changeevent (occurred_at, action, by, source, reason, ticket, before, after)
            SELECT statement_timestamp(), 'commented', 'ada', 'tests', '', '', '{}', '{}' FROM pg_sleep(0.2)
            RETURNING occurred_at - statement_timestamp() >= interval '0.2 seconds'
        """)
        assert cursor.fetchone() == (True,)


@only_postgresql
@pytest.mark.parametrize("age", [YEARS, -YEARS, timedelta(days=70)])
def test_no_row_of_another_month_is_added(become_web, age):
    """The months have partitions here, so the row would have to move."""
    key, _ = issue()
    divide(timezone.now() - timedelta(days=1200), timezone.now())
    become_web()
    times.accept(connection)
    with pytest.raises(NotSupportedError, match="moving row to another partition"), transaction.atomic():
        RequestRecordFactory(api_key=key, occurred_at=timezone.now() - age)
    assert not RequestRecord.objects.exists()


NEW_YEAR = datetime(2027, 1, 1, tzinfo=UTC)


@only_postgresql
@pytest.mark.parametrize(
    ("begun", "clock", "given", "kept_at"),
    [
        (-3, 0.1, -0.1, -0.1),  # a call that began before the month ended
        (-3, 0.1, -1.9, -1.9),
        (-3, 0.1, 0.05, 0.05),
        (0.05, 0.1, 0.05, 0.05),
        (0.1, 0.1, 0.05, 0.1),
        (-0.1, -0.1, -30, -0.1),
        (-3, 5, 1, 5),
        (-3, 0.1, -2.1, None),
        (-3, 5, -0.1, None),
        (-0.05, 0.1, -0.1, None),  # before the statement began
        (-3, -0.1, 0.1, None),  # the clock of the process is ahead
    ],
)
def test_a_call_keeps_the_time_of_its_statement_and_no_other(key, begun, clock, given, kept_at):
    december, january = NEW_YEAR.replace(year=2026, month=12), NEW_YEAR.replace(month=2)
    stopped = times._WRITE.body
    for name, second in (("statement_timestamp()", begun), ("clock_timestamp()", clock)):
        stopped = stopped.replace(name, f"timestamptz '{NEW_YEAR + timedelta(seconds=second)}'")
    function = f"FUNCTION {times._WRITE.name}() RETURNS trigger LANGUAGE plpgsql AS $${stopped}$$"
    execute(f"CREATE OR REPLACE {function}", *(f"DROP TABLE {each.name}" for each in partitions(connection)[:-1]))
    add("december", december, NEW_YEAR)
    add("january", NEW_YEAR, january)
    if kept_at is None:
        with pytest.raises(NotSupportedError, match="moving row to another partition"):
            aged.request(key, NEW_YEAR + timedelta(seconds=given))
        return
    aged.request(key, NEW_YEAR + timedelta(seconds=given))
    assert RequestRecord.objects.get().occurred_at == NEW_YEAR + timedelta(seconds=kept_at)


@only_postgresql
@pytest.mark.parametrize("ahead", [timedelta(days=400), -timedelta(days=400)])
def test_a_call_is_recorded_whatever_the_clock_of_its_process_says(api, monkeypatch, ahead):
    divide(timezone.now() - timedelta(days=40), timezone.now())
    now = timezone.now
    monkeypatch.setattr(ledger.timezone, "now", lambda: now() + ahead)
    api.get()
    monkeypatch.undo()
    assert abs(kept(RequestRecord.objects.get())) < timedelta(seconds=30)


@only_postgresql
def test_changes_of_one_transaction_keep_their_order():
    now = timezone.now()
    rows = ChangeEvent.objects.bulk_create(
        ChangeEvent(action=Action.COMMENTED, by="x", source="x", occurred_at=now) for _ in range(3)
    )
    found = list(ChangeEvent.objects.filter(pk__in=[row.pk for row in rows]).order_by("occurred_at"))
    assert [row.pk for row in found] == sorted(row.pk for row in rows)
    assert len({row.occurred_at for row in found}) == 3


@pytest.mark.parametrize(("drift", "noticeable"), [(SECONDS, False), (SECONDS + TICK, True)])
def test_a_difference_of_more_than_five_seconds_is_noticeable(drift, noticeable):
    assert times.noticeable(drift) is times.noticeable(-drift) is noticeable


@pytest.mark.parametrize(
    ("seconds", "is_told"), [(0, False), (3, False), (-3, False), (5.4, True), (-5.4, True), (7, True), (-7, True)]
)
def test_clocks_that_differ_are_reported(monkeypatch, seconds, is_told):
    now = timezone.now
    monkeypatch.setattr(times.timezone, "now", lambda: now() + timedelta(seconds=seconds))
    assert [fault.id for fault in clocks_agree(["default"])] == (["partners.W044"] if is_told and POSTGRESQL else [])


@pytest.mark.parametrize("databases", [None, []])
def test_without_a_database_no_clock_is_looked_at(databases):
    assert clocks_agree(databases) == []
