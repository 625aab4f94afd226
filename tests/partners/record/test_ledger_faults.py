"""The ledger under faults and under calls at once: no answer to a known key leaves without its row."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from unittest.mock import Mock

import pytest
from django.db import OperationalError, connection, connections
from django.http import HttpResponse
from django.test import Client

from partners.api.exchange import Exchange
from partners.api.responses import Refusal
from partners.catalogue.reasons import Reason
from partners.models import ApiKey, KeyNetwork, KeyUse, RequestRecord, UnkeyedCount
from partners.record import ledger
from partners.record.unknown_callers import unkeyed
from tests.api import LIST, Api
from tests.factories import CHANGE, EncounterFactory, OrganizationFactory, issue
from tests.racing import Race, rounds

pytestmark = pytest.mark.usefixtures("committed")
POSTGRESQL = connection.vendor == "postgresql"
ROUNDS = rounds(postgresql=40, sqlite=10)
UNAVAILABLE = (503, "service_unavailable", None)


@contextmanager
def gone() -> Iterator[None]:
    """Have no table of the ledger."""
    execute("ALTER TABLE partners_requestrecord RENAME TO elsewhere")
    yield
    execute("ALTER TABLE elsewhere RENAME TO partners_requestrecord")


@contextmanager
def read_only() -> Iterator[None]:
    """Have a database that takes nothing, as a replica or a full disk."""
    name = connection.settings_dict["NAME"]
    execute(f"ALTER DATABASE {name} SET default_transaction_read_only = on" if POSTGRESQL else "PRAGMA query_only = ON")
    connection.close() if POSTGRESQL else None
    yield
    execute("SET default_transaction_read_only = off" if POSTGRESQL else "PRAGMA query_only = OFF")
    execute(f"ALTER DATABASE {name} RESET default_transaction_read_only") if POSTGRESQL else None


@contextmanager
def refusing() -> Iterator[None]:
    """Have a ledger that refuses each row."""
    check = "ALTER TABLE partners_requestrecord ADD CONSTRAINT refusing CHECK (count < 0)"
    trigger = "CREATE TRIGGER refusing BEFORE INSERT ON partners_requestrecord BEGIN SELECT RAISE(ABORT, 'no'); END"
    execute(check if POSTGRESQL else trigger)
    yield
    execute("ALTER TABLE partners_requestrecord DROP CONSTRAINT refusing" if POSTGRESQL else "DROP TRIGGER refusing")


def execute(sql: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql)


@pytest.fixture
def encounter(committed):
    return EncounterFactory(organization=OrganizationFactory(), patient__first_name="Quirina")


@pytest.fixture
def owned(encounter):
    key, token = issue(encounter.organization)
    return key, Api(token)


@pytest.mark.parametrize("fault", [gone, pytest.param(read_only, marks=pytest.mark.direct), refusing])
def test_without_its_row_no_answer_leaves(owned, encounter, fault):
    api = owned[1]
    with fault():
        for call in ({}, {"path": f"{LIST}/{encounter.public_id}"}, {"query": "limit=0"}, {"method": "POST"}):
            assert api.refusal(**call) == UNAVAILABLE
            assert b"Quirina" not in api.get(**call).content
        assert api.get(method="HEAD").status_code == 503
        assert Api().refusal() == (401, "missing_bearer", None)
    assert not RequestRecord.objects.exists()
    assert b"Quirina" in api.get().content
    assert RequestRecord.objects.get().status == 200


@pytest.mark.parametrize("fault", [gone, refusing])
def test_what_hangs_on_a_row_goes_with_it(owned, fault):
    key, api = owned
    with fault():
        assert api.refusal() == UNAVAILABLE
    assert not KeyNetwork.objects.exists()
    assert not KeyUse.objects.exists()
    assert ApiKey.objects.get(pk=key.pk).last_used_at is None
    api.get()
    assert RequestRecord.objects.get().new_network


def test_a_commit_that_fails_is_no_row(owned, monkeypatch):
    def fail(*args):
        raise OperationalError("words of the database")

    with monkeypatch.context() as context:
        context.setattr(connections["default"], "_commit", fail)
        assert owned[1].refusal() == UNAVAILABLE
    assert not RequestRecord.objects.exists()
    assert owned[1].get().status_code == 200


def test_whatever_keeps_a_row_from_being_written_the_answer_is_an_exact_503(owned, monkeypatch):
    with monkeypatch.context() as context:
        context.setattr(ledger, "adapted", Mock(side_effect=RuntimeError("ours")))
        assert owned[1].refusal() == UNAVAILABLE


def test_a_request_id_is_never_given_twice(owned, monkeypatch):
    monkeypatch.setattr("partners.identifiers.IdsInRuns.__call__", lambda new_id: "req_" + "0" * 22)
    assert owned[1].get().status_code == 200
    assert owned[1].refusal() == UNAVAILABLE
    assert RequestRecord.objects.count() == 1


def test_an_answer_that_could_not_be_recorded_is_not_counted_for_nobody(owned):
    with gone():
        owned[1].get()
    unkeyed.TALLY.write()
    assert not UnkeyedCount.objects.exists()


# Calls at once -------------------------------------------------------------------------------------------------------


@pytest.fixture
def race(race: Race) -> Race:
    Api().get()  # what its checks load at first is not made for threads
    return race


def served(token: str, path: str = LIST, **headers: str):
    """Call until it is served; SQLite's database in memory, which knows no waiting, is often locked."""
    client = Client(raise_request_exception=False)
    while (answer := Api(token, client).get(path, **headers)).status_code == 503 and not POSTGRESQL:
        pass
    return answer


def test_of_two_first_calls_from_a_network_one_is_marked(race):
    organization = OrganizationFactory()
    for _ in range(ROUNDS):
        key, token = issue(organization)
        answers = race(partial(served, token), partial(served, token))
        assert [answer.status_code for answer in answers] == [200, 200]
        marks = RequestRecord.objects.filter(api_key=key).values_list("new_network", flat=True)
        assert sorted(marks) == [False, True]
        assert (key.networks.count(), key.uses.count()) == (1, 1)


def test_calls_and_changes_of_a_key_at_once_all_end_well(race, encounter):
    one = f"{LIST}/{encounter.public_id}"
    statuses = Counter()
    for number in range(ROUNDS):
        key, token = issue(encounter.organization)
        elsewhere = {"REMOTE_ADDR": f"198.51.{number % 256}.7"}
        change = partial(key.set_scopes, [], CHANGE)
        calls = [partial(served, token), partial(served, token, one, **elsewhere)]
        for acts in (calls, [calls[1], change]):
            statuses.update(getattr(each, "status_code", 0) for each in race(*acts))
    assert statuses.keys() <= {200, 403, 0}
    assert statuses[200] + statuses[403] == RequestRecord.objects.count()


def test_an_answer_that_is_not_on_record_or_may_not_be_is_not_confirmed(rf):
    request, refusal = rf.get(LIST), Refusal(Reason.SERVICE_UNAVAILABLE)
    Exchange.begin(request)
    assert ledger.confirmed(request, refusal) is None
    refusal.withheld = HttpResponse()
    assert ledger.confirmed(request, refusal) is None
    with gone():
        assert ledger.confirmed(request, refusal) is None
