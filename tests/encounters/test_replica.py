"""Reading from a real replica: only what the primary serves too, also if the replica is behind, stopped or gone."""

import os
import signal
import time
from contextlib import contextmanager

import pytest
from django.core import checks
from django.db import connection, connections
from django.utils import timezone

from chartero.postgresql import sessions
from chartero.postgresql.replica import base
from encounters import replica
from encounters.models import Encounter
from partners.models import RequestRecord
from tests.api import KEY, LIST
from tests.encounters.support.restricted import restrict
from tests.factories import CHANGE, DocumentFactory, EncounterFactory
from tests.faults import postgres

pytestmark = [
    pytest.mark.django_db(transaction=True, databases=["default", "replica"]),
    pytest.mark.usefixtures("committed"),
    pytest.mark.postgresql,
    pytest.mark.direct,
]
MIRROR = {"MIRROR": "default"}


@pytest.fixture(scope="module", autouse=True)
def server(django_db_setup):
    """Run a replica, and let the settings know it. Both servers are our own: other tests hold transactions open."""
    if connection.vendor != "postgresql":
        pytest.skip("only PostgreSQL has replicas")
    outside, url = connection.settings_dict["PORT"], os.environ["DATABASE_URL"].rpartition("/")[0]
    with postgres.folder() as place, postgres.copy_of(f"{url}/{connection.settings_dict['NAME']}", place) as primary:
        move(primary.port)
        try:
            with replicated() as copy:
                yield copy
        finally:
            move(outside)


def move(port):
    """Let the default database be on this port."""
    connection.close()
    connection.settings_dict["PORT"] = port


@contextmanager
def replicated():
    """Run a replica of the default database, and let the settings know it."""
    url = f"postgres://postgres@127.0.0.1:{connection.settings_dict['PORT']}/{connection.settings_dict['NAME']}"
    with postgres.folder() as place, postgres.copy_of(url, place, follows=True) as copy, configured(copy.port):
        yield copy


@contextmanager
def configured(port):
    """Let the settings name this port of the replica."""
    outside = connections.settings.get("replica")
    default = connections.settings["default"]
    _let("replica", default | {"ENGINE": "chartero.postgresql.replica", "PORT": port, "TEST": default["TEST"] | MIRROR})
    try:
        yield
    finally:
        _let("replica", outside)
        replica.REST.end()


def _let(alias, described):
    """Set or remove a database of the settings. A connection to another one is closed."""
    if alias in connections.settings:
        connections[alias].close()
        del connections[alias]
        del connections.settings[alias]
    if described is not None:
        connections.settings[alias] = described


@pytest.fixture
def following(server):
    """Let the settings name the replica."""
    if not server.is_running:
        server.start()
    asked("replica", "SELECT pg_wal_replay_resume()")
    yield server
    replica.REST.end()


@pytest.fixture
def told(monkeypatch):
    """Note each statement that calls have the replica run."""
    statements = []
    run = base.DatabaseWrapper.run_prepared

    def noted(self, sql, values):
        statements.append(sql)
        return run(self, sql, values)

    monkeypatch.setattr(base.DatabaseWrapper, "run_prepared", noted)
    return statements


@pytest.fixture
def outcomes():
    """Note where each call reads, and why not from the replica."""
    noted = []

    def note(outcome, **signal):
        noted.append(outcome)

    replica.read_from.connect(note)
    yield noted
    replica.read_from.disconnect(note)


@pytest.fixture
def encounter(organization) -> Encounter:
    return DocumentFactory(encounter=EncounterFactory(organization=organization)).encounter


def asked(alias, sql):
    with connections[alias].cursor() as cursor:
        cursor.execute(sql)
        return cursor.fetchone()[0]


@contextmanager
def older_transaction():
    """Keep a transaction open that has an id."""
    other = connections.create_connection("default")
    other.set_autocommit(False)
    try:
        other.cursor().execute("SELECT pg_current_xact_id()")
        yield
    finally:
        other.rollback()
        other.close()


def catch_up():
    """Wait until the replica has all that is committed."""
    place = asked("default", "SELECT pg_current_wal_lsn()")
    until = time.monotonic() + 20
    while not asked("replica", f"SELECT pg_last_wal_replay_lsn() >= '{place}'"):
        assert time.monotonic() < until, "the replica doesn't follow"
        time.sleep(0.01)


def reads(statements) -> int:
    """Return how many statements read encounters."""
    return sum("encounters_encounter AS encounter" in sql for sql in statements)


def paths(encounter):
    document = encounter.documents.get()
    return [LIST, f"{LIST}/{encounter.public_id}", f"{LIST}/{encounter.public_id}/documents/{document.public_id}"]


@pytest.mark.parametrize("route", range(3))
def test_what_is_served_comes_from_the_replica_and_is_recorded_in_the_primary(api, encounter, following, told, route):
    path = paths(encounter)[route]
    with_primary = api.get(path).json()
    told.clear()
    catch_up()
    answer = api.get(path)
    assert (answer.status_code, answer.json(), reads(told)) == (200, with_primary, 1)
    record = RequestRecord.objects.get(request_id=answer.headers["X-Request-ID"])
    assert list(record.encounters) == [encounter.pk]


def without_place(answer):
    """Return the body without what differs in every answer."""
    return {name: value for name, value in answer.json().items() if name != "request_id"}


def withdraw(encounter):
    Encounter.objects.filter(pk=encounter.pk).update(withdrawn_at=timezone.now())


def withdraw_document(encounter):
    encounter.documents.update(withdrawn_at=timezone.now())


def withhold_names(encounter):
    encounter.organization.set_names(CHANGE, receives=False)


HIDING = {
    "withdrawn": withdraw,
    "restricted": lambda encounter: restrict(encounter),
    "of a restricted patient": lambda encounter: restrict(encounter.patient),
    "document withdrawn": withdraw_document,
    "document restricted": lambda encounter: restrict(encounter.documents.get()),
    "no names": withhold_names,
    "patient withdrawn": lambda encounter: type(encounter.patient).objects.update(withdrawn_at=timezone.now()),
    "deleted": lambda encounter: (encounter.documents.all().delete(), encounter.delete()),
}


@pytest.mark.parametrize("how", HIDING)
def test_what_the_replica_has_not_heard_is_not_served(api, encounter, following, told, how):
    asking = paths(encounter)
    before = [api.get(path).json() for path in asking]
    catch_up()
    asked("replica", "SELECT pg_wal_replay_pause()")
    HIDING[how](encounter)
    told.clear()
    after = [api.get(path) for path in asking]
    assert (reads(told), len(told)) == (0, len(asking))
    replica.REST.begin(OSError())
    assert [answer.status_code for answer in after] == [api.get(path).status_code for path in asking]
    assert [without_place(answer) for answer in after] == [without_place(api.get(path)) for path in asking]
    assert [answer.json() for answer in after[:2]] != before[:2]
    replica.REST.end()
    asked("replica", "SELECT pg_wal_replay_resume()")
    catch_up()
    told.clear()
    assert api.get(LIST).json() == after[0].json()
    assert reads(told) == 1


def test_what_was_withdrawn_a_moment_ago_is_never_served(api, organization, following, told):
    encounters = EncounterFactory.create_batch(30, organization=organization)
    catch_up()
    for gone, encounter in enumerate(encounters, 1):
        withdraw(encounter)
        page = api.get(LIST, limit=100).json()
        assert encounter.public_id not in [each["encounter_id"] for each in page["items"]]
        assert page["total"] == len(encounters) - gone
        assert api.get(f"{LIST}/{encounter.public_id}").status_code == 404


def test_refusals_come_from_the_primary(api, encounter, following, told):
    asked("replica", "SELECT pg_wal_replay_pause()")
    other = EncounterFactory()  # of an organization whose changes don't matter to the caller
    answer = api.get(f"{LIST}/{other.public_id}")
    assert answer.json()["reason_code"] == "cross_organization_denied"


def test_a_replica_that_lags_too_much_is_not_read(api, encounter, following, told, settings):
    catch_up()
    settings.REPLICA_MAX_LAG = 0
    assert api.get(LIST).json()["total"] == 1
    assert (len(told), reads(told)) == (1, 0)


def test_each_call_says_where_it_was_read(api, encounter, following, outcomes, settings, monkeypatch):
    def broken(self, sql, values):
        raise UnicodeError

    monkeypatch.setattr(replica, "SLOW", 60.0)  # on any machine
    monkeypatch.setattr(base, "_seconds", lambda: 60.0)
    catch_up()
    asking = paths(encounter)
    for path in (*asking, f"{LIST}/unknown"):
        api.get(path)
    settings.REPLICA_MAX_LAG = 0
    api.get(LIST)
    monkeypatch.setattr(base.DatabaseWrapper, "run_prepared", broken)
    for _ in range(2):
        api.get(LIST)
    assert outcomes == ["replica", "replica", "replica", "refusal", "behind", "fault", "resting"]


def test_while_an_older_transaction_is_open_what_changed_since_comes_from_the_primary(api, encounter, following, told):
    with older_transaction():
        EncounterFactory(organization=encounter.organization)
        catch_up()
        assert api.get(LIST).json()["total"] == 2
        assert reads(told) == 0
    api.get(KEY)  # its record is durable, and with it what was written before
    catch_up()
    assert api.get(LIST).json()["total"] == 2
    assert reads(told) == 1


def test_a_replica_that_is_gone_is_left_alone_and_asked_again_later(api, encounter, following, told, caplog, settings):
    settings.REPLICA_MAX_LAG = 3600  # nothing is written while it starts again, and that may take longer than 10 s
    catch_up()
    following.stop()
    assert [api.get(path).status_code for path in paths(encounter)] == [200, 200, 200]
    assert len(told) == 1
    assert caplog.messages.count("the replica is left alone") == 1
    following.start()
    replica.REST._next_try = time.monotonic() - 1
    asked("replica", "SELECT 1")
    catch_up()
    assert api.get(LIST).status_code == 200
    assert reads(told) == 1


def test_a_replica_that_became_a_primary_is_not_read(api, encounter, told):
    with replicated() as copy:
        api.get(KEY)  # a replica of a quiet server doesn't know how far it is behind
        catch_up()
        assert (api.get(LIST).status_code, reads(told)) == (200, 1)
        copy.promote()
        withdraw(encounter)
        assert (api.get(LIST).json()["total"], reads(told)) == (0, 1)
        api.get(f"{LIST}/unknown")
        assert (api.get(LIST).json()["total"], reads(told)) == (0, 1)
        assert messages() == ["Calls read nothing from the replica: it is a primary."]


def test_a_replica_of_the_primary_before_a_failover_is_not_read(api, encounter, following, told):
    old = connection.settings_dict["PORT"]
    with replicated() as other:
        catch_up()
        other.promote()
        _let("replica", connections.settings["replica"] | {"PORT": following.port})
        for _ in range(20):
            asked("default", "SELECT pg_current_xact_id()")
        api.get(KEY)
        catch_up()
        move(other.port)
        try:
            restrict(encounter)  # with an id that the old primary, which the replica follows, has given already
            assert (api.get(LIST).json()["total"], len(told), reads(told)) == (0, 1, 0)
            assert "it follows another primary" in messages()[0]
        finally:
            move(old)


def test_a_slow_replica_is_left_alone_too(api, encounter, following, told, monkeypatch):
    catch_up()
    monkeypatch.setattr(replica, "SLOW", 0.0)
    assert [api.get(LIST).status_code for _ in range(3)] == [200, 200, 200]
    assert reads(told) == 1


def test_most_of_a_calls_time_is_left_for_the_primary():
    assert base._seconds() == base.LONGEST
    for left, given in ((4.0, base.LONGEST), (0.8, 0.2)):
        with sessions.within(left):
            assert base._seconds() == pytest.approx(given, abs=0.05)


def test_a_fault_that_is_not_the_databases_is_one_of_the_replica(api, encounter, following, monkeypatch):
    def broken(self, sql, values):
        raise UnicodeError

    monkeypatch.setattr(base.DatabaseWrapper, "run_prepared", broken)
    assert api.get(LIST).status_code == 200
    assert not replica.REST.may_ask()


def test_a_replica_that_is_stopped_holds_up_one_call_for_half_a_second(api, encounter, following, told):
    catch_up()
    api.get(LIST)
    session = connections["replica"].connection.info.backend_pid
    os.kill(session, signal.SIGSTOP)
    try:
        told.clear()
        assert [api.get(LIST).status_code for _ in range(3)] == [200, 200, 200]
        assert (len(told), reads(told)) == (1, 0)
    finally:
        os.kill(session, signal.SIGCONT)


def test_during_a_rest_one_call_asks_every_two_seconds(monkeypatch):
    now = 100.0
    monkeypatch.setattr(replica.time, "monotonic", lambda: now)
    rest = replica.Rest()
    assert rest.may_ask()
    rest.begin(OSError())
    assert not rest.may_ask()
    now += replica.PAUSE
    assert [rest.may_ask(), rest.may_ask()] == [True, False]
    rest.begin(OSError())
    assert not rest.may_ask()
    rest.end()
    assert [rest.may_ask(), rest.may_ask()] == [True, True]


def messages():
    found = checks.run_checks(tags=[checks.Tags.database], databases=["default"])
    return [each.msg for each in found if each.id == "encounters.W004"]


def test_the_check_is_silent_about_a_replica_and_without_one(following):
    assert messages() == []
    assert "replica" in connections.settings


def test_the_check_names_a_primary_that_is_called_a_replica_and_it_is_not_read(api, encounter, server, told):
    with configured(connection.settings_dict["PORT"]):
        assert messages() == ["Calls read nothing from the replica: it is a primary."]
        assert api.get(LIST).status_code == 200
        assert (len(told), reads(told)) == (1, 0)


def test_the_check_names_a_replica_that_does_not_answer(server):
    with configured(1):
        assert messages() == ["Calls read nothing from the replica: it doesn't answer."]


def test_the_check_names_a_replica_of_another_server(server, monkeypatch):
    monkeypatch.setattr(replica, "_asked", lambda alias, sql: (alias, 1, True)[: 3 if alias == "replica" else 2])
    assert messages() == ["Calls read nothing from the replica: it has the data of another server."]
