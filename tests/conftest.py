"""Fixtures that every test may use."""

import gc
import os
import re
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from django.db import connection, connections
from django.test import Client
from hypothesis import HealthCheck, settings

from chartero import openapi
from encounters.api import changes
from encounters.changes.triggers import SETTLED
from partners.models import privileges, triggers
from partners.record.unknown_callers import unkeyed, unkeyed_answers
from partners.triggers import definitions, installing, times
from partners.triggers.definitions import TriggerSet
from tests import published, racing
from tests.api import Api
from tests.factories import OrganizationFactory, issue
from tests.racing import Race, close

SAMPLES = Path(os.environ.get("CHARTERO_FHIR_SAMPLES", Path(__file__).parents[2] / "shared" / "fhir"))
# The same examples in each run, so that a change is judged by what it changed. To look for new ones:
# pytest --hypothesis-profile=search. On a machine that others share, no example is judged by how long it took.
_PATIENT: dict[str, Any] = {"deadline": None, "suppress_health_check": [HealthCheck.too_slow]}
settings.register_profile("same", derandomize=True, **_PATIENT)
settings.register_profile("search", database=None, **_PATIENT)
settings.load_profile("same")
_TOKEN_LIKE = re.compile(r"(?i)sk(?:_|%5F)[0-9a-z_%]+|[0-9a-z]{20,}")


def pytest_collection_finish():
    """Collect garbage less often: what is loaded by now stays, and a test leaves little."""
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items):
    """Mark the tests that reach a database, and the races: what they meet in our code depends on the database."""
    for item in items:
        needs, marks = {*item.fixturenames}, {mark.name for mark in item.iter_markers()}
        if needs & {"db", "transactional_db"} or marks & {"django_db", "server"}:
            item.add_marker("database")
        if "race" in needs:
            item.add_marker("postgresql")
        once = item.get_closest_marker("once")
        if "CHARTERO_TESTS_ONCE" in os.environ and once and once.args != (connection.vendor,):
            item.add_marker(pytest.mark.skip(reason=f"runs once, on {once.args[0]}"))
        if "direct" in marks and "CHARTERO_DIRECT_DATABASE_URL" in os.environ:
            item.add_marker(pytest.mark.skip(reason="needs a session that lasts"))


@pytest.fixture(autouse=True, scope="session")
def every_answer_is_as_published():
    """Hold every answer of the API in the test client to the published document."""
    openapi.document()  # made before a test puts another rule or message in a catalogue's place
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Client, "request", published.checked(Client.request))
        yield


@pytest.fixture(scope="session")
def django_db_modify_db_settings(django_db_modify_db_settings):
    """Let PostgreSQL create, empty and drop the database of the tests without the time limit of a web process."""
    if connection.vendor != "postgresql":
        yield
        return
    wrapper, operations = type(connections["default"]), type(connection.ops)
    made, emptied = wrapper._nodb_cursor, operations.execute_sql_flush

    @contextmanager
    def unlimited(self):
        with made(self) as cursor:
            cursor.execute("SET statement_timeout = 0")
            yield cursor

    def emptied_unlimited(self, statements):
        emptied(self, ["SET LOCAL statement_timeout = 0", "SET LOCAL lock_timeout = 0", *statements])

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(wrapper, "_nodb_cursor", unlimited)
        patch.setattr(operations, "execute_sql_flush", emptied_unlimited)
        yield


@pytest.fixture
def samples() -> Path:
    """The folder of clinical sample data; the product ships none of it."""
    if not SAMPLES.is_dir():
        pytest.skip("no clinical sample data: set CHARTERO_FHIR_SAMPLES")
    return SAMPLES


@pytest.fixture
def settled(monkeypatch):
    """Let changes of the test's own transaction be read and pruned, although on PostgreSQL it is still open."""
    monkeypatch.setitem(SETTLED, "postgresql", "TRUE")
    changes._statement.cache_clear()
    yield
    changes._statement.cache_clear()


@pytest.fixture
def limited_again(django_db_blocker):
    """Give the session of PostgreSQL its limits of time again, once the database is emptied."""
    yield
    if connection.vendor == "postgresql":
        with django_db_blocker.unblock(), connection.cursor() as cursor:
            cursor.execute("RESET statement_timeout")
            cursor.execute("RESET lock_timeout")


@pytest.fixture
def committed(limited_again, transactional_db):
    """A database whose commits are real; at the end it is emptied, however long that takes without its triggers."""
    yield
    if connection.vendor == "postgresql":
        racing.lift_limits()
    installing.remove(connection, triggers.SET)


@pytest.fixture
def on_file(committed, tmp_path):
    """The same in a file on SQLite, where threads wait for each other as processes do."""
    with racing.on_file(tmp_path / "race.sqlite3"):
        yield


@pytest.fixture(scope="session")
def web_role(django_db_setup, django_db_blocker) -> Iterator[str]:
    """A role of PostgreSQL that owns nothing, for this process of the suite."""
    if connection.vendor != "postgresql":
        pytest.skip("SQLite has no roles")
    role = f"{connection.settings_dict['NAME']}_web"
    with django_db_blocker.unblock():
        connection.cursor().execute(f"CREATE ROLE {role}")
    yield role
    with django_db_blocker.unblock():
        connection.cursor().execute(f"DROP ROLE {role}")


@pytest.fixture
def become_web(web_role, db) -> Iterator[Callable[[], None]]:
    """Let the rest of the test be the role of the web service, with what `grants` prints."""

    def become() -> None:
        with connection.cursor() as cursor:
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
            for statement in privileges.statements(web_role, "public"):
                cursor.execute(statement)
            cursor.execute(f"SET SESSION AUTHORIZATION {web_role}")

    yield become
    if not connection.needs_rollback:
        connection.cursor().execute("RESET SESSION AUTHORIZATION")


@pytest.fixture(autouse=True)
def times_as_given(request, monkeypatch):
    """Let tests insert rows of any age into the record, but those of the database's own clock."""
    if not request.node.get_closest_marker("database") or request.node.get_closest_marker("server"):
        return  # tests of the server have a database of their own, and maybe no other is made
    request.getfixturevalue("_django_db_helper")
    if request.node.get_closest_marker("clock_of_database"):
        times.insist(connection)
        return
    times.accept(connection)
    if connection.vendor == "sqlite":  # where their triggers are dropped: nothing may miss them, or bring them back
        others = [each for each in definitions.registered() if each is not times.SET]
        monkeypatch.setattr(definitions, "_SETS", others)
        monkeypatch.setattr(times, "SET", TriggerSet((), ()))


@pytest.fixture
def race() -> Iterator[Race]:
    with ThreadPoolExecutor(2) as pool:
        race = Race(pool)
        yield race
        race(close, close)


@pytest.fixture(autouse=True)
def nothing_counted(monkeypatch):
    """Begin each test with no answers counted that wait to be written."""
    monkeypatch.setattr(unkeyed.TALLY, "_counts", Counter())
    monkeypatch.setattr(unkeyed.TALLY, "_newest", unkeyed_answers.Newest())


@pytest.fixture
def organization(db):
    return OrganizationFactory()


@pytest.fixture
def token(organization) -> str:
    return issue(organization)[1]


@pytest.fixture
def api(token) -> Api:
    """The API as a partner calls it to whom everything is open."""
    return Api(token)


def pytest_make_parametrize_id(config, val):
    """Name a case without the token in it: a token is made anew in each process, and belongs into no log."""
    if isinstance(val, str) and _TOKEN_LIKE.search(val):
        return _TOKEN_LIKE.sub("…", val)
    return None
