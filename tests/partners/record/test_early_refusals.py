"""Calls refused at the door: whose they are is asked of the key alone."""

import pytest
from django.db import OperationalError, connection
from django.test.utils import CaptureQueriesContext

from partners.decision import facts
from partners.models import ApiKeySwitch, RequestRecord
from tests.api import Api
from tests.factories import issue
from tests.partners.support.rows import expire

STRAY = "/external/v1/encounter"
ID = "enc_" + "0" * 22


def test_a_misspelt_path_is_on_record_with_its_key(owned):
    key, api = owned
    answer = api.get(STRAY)
    record = RequestRecord.objects.get(request_id=answer["X-Request-ID"])
    assert (record.api_key, record.route, record.request_line) == (key, "", f"GET {STRAY}")
    assert record.new_network


def test_the_answer_says_nothing_of_the_key(owned):
    unknown = {name: value for name, value in Api("x").get(STRAY).headers.items() if name != "X-Request-ID"}
    for key, api in (owned, issue_revoked()):
        answer = api.get(STRAY)
        assert answer.json() == Api().get(STRAY).json(), key
        assert {name: value for name, value in answer.headers.items() if name != "X-Request-ID"} == unknown


def issue_revoked():
    key, token = issue(None)
    expire(key)
    return key, Api(token)


@pytest.mark.parametrize("header", ["", "Bearer x", "Basic x", "Bearer ch_sk_" + "0" * 61])
def test_without_a_well_formed_key_the_database_is_not_asked(db, header):
    with CaptureQueriesContext(connection) as asked:
        assert Api().refusal(STRAY, authorization=header)[1] == "route_not_found"
    assert len(asked) == 0


def test_a_key_costs_one_statement_and_its_row(owned):
    owned[1].get(STRAY)
    with CaptureQueriesContext(connection) as asked:
        owned[1].get(STRAY)
    assert len(asked) == 2


def test_what_cannot_be_looked_up_does_not_leave(owned, monkeypatch):
    def fail(*arguments):
        raise OperationalError("words of the database")

    monkeypatch.setattr(facts, "_stored", fail)
    assert owned[1].refusal(STRAY) == (503, "service_unavailable", None)


def test_the_global_switch_does_not_keep_a_call_off_the_record(owned):
    ApiKeySwitch.objects.update(enabled=False)
    owned[1].get(STRAY)
    assert RequestRecord.objects.get().reason_code == "route_not_found"
