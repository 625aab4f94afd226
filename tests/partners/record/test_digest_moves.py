"""A key moves to the active digest key when a call with it is served, and at no other time."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from partners.keys import digests
from partners.models import ApiKey, RequestRecord
from partners.record import ledger
from tests.api import KEY, LIST, Api
from tests.factories import issue

pytestmark = pytest.mark.django_db


@pytest.fixture
def older(organization, settings) -> tuple[ApiKey, Api]:
    """A key that was stored before a new digest key became the active one."""
    settings.ACTIVE_DIGEST_KEY = 1
    key, token = issue(organization)
    settings.ACTIVE_DIGEST_KEY = 0
    return key, Api(token)


def stored(key) -> int:
    key.refresh_from_db()
    return key.digest_key_number


def moves(call) -> int:
    with CaptureQueriesContext(connection) as captured:
        call()
    return sum("SET digest =" in query["sql"] for query in captured)


@pytest.mark.parametrize("call", [{}, {"method": "HEAD"}, {"path": KEY}])
def test_a_key_moves_with_its_first_served_call_and_only_then(older, call):
    key, api = older
    assert moves(lambda: api.get(**call)) == 1
    assert stored(key) == 2
    assert bytes(key.digest) == digests.digest(api.token, 2)
    assert moves(lambda: api.get(**call)) == 0
    assert api.get(authorization=f"bearer  {api.token} ").status_code == 200


@pytest.mark.parametrize(
    "call", [{"query": "limit=0"}, {"method": "POST"}, {"path": f"{LIST}/x"}, {"path": "/external/x"}]
)
def test_a_refused_call_moves_nothing(older, call):
    key, api = older
    assert api.get(**call).status_code >= 400
    assert stored(key) == 1


def test_a_key_does_not_move_to_a_digest_key_that_only_verifies(older, settings):
    settings.ACTIVE_DIGEST_KEY = 1
    assert moves(older[1].get) == 0
    assert stored(older[0]) == 1


def test_a_key_never_moves_back(organization, settings):
    key, token = issue(organization)
    settings.ACTIVE_DIGEST_KEY = 1
    assert moves(Api(token).get) == 0
    assert stored(key) == 2


def test_an_answer_that_is_not_on_record_moves_nothing(older, monkeypatch):
    key, api = older
    monkeypatch.setattr(ledger, "_insert", None)
    assert api.get().status_code == 503
    assert stored(key) == 1


def test_of_two_calls_at_once_one_moves_the_key(older, monkeypatch):
    key, api = older
    stale = digests.digest(api.token, 1)
    api.get()
    with CaptureQueriesContext(connection):
        number = ledger._MOVE_DIGEST.execute(stale, 2, key.pk, 1)
    assert (number, stored(key), bytes(key.digest)) == (0, 2, digests.digest(api.token, 2))


def test_a_move_is_no_statement_more_for_any_other_call(older):
    api = older[1]
    api.get()
    with CaptureQueriesContext(connection) as captured:
        api.get()
    assert [query["sql"].split()[0] for query in captured] == ["SELECT", "SELECT", "INSERT"]
    assert RequestRecord.objects.count() == 2
