"""Faults: what a partner sees of them, and what the log keeps."""

import logging

import pytest
from django import db

from encounters.api import queries
from partners.api import responses
from tests.api import LIST

pytestmark = pytest.mark.django_db
UNAVAILABLE = [db.OperationalError, db.InterfaceError, db.InternalError, db.ProgrammingError, db.DatabaseError]


def raising(fault):
    def fail(*args, **values):
        raise fault

    return fail


@pytest.mark.parametrize("kind", UNAVAILABLE)
@pytest.mark.parametrize("where", ["partners.decision.facts._stored", "encounters.api.queries.page"])
def test_a_fault_of_the_database_is_503(api, monkeypatch, kind, where):
    monkeypatch.setattr(where, raising(kind("words of the database")))
    assert api.refusal() == (503, "service_unavailable", None)


@pytest.mark.parametrize("kind", [RuntimeError, db.DataError, db.IntegrityError, KeyError, RecursionError])
def test_a_fault_of_ours_is_500(api, monkeypatch, kind):
    monkeypatch.setattr(queries, "page", raising(kind("ours")))
    assert api.refusal() == (500, "internal_error", None)


def test_a_body_that_cannot_be_rendered_is_500(api, monkeypatch):
    monkeypatch.setattr(queries, "page", lambda *args, **values: {"items": object()})
    assert api.refusal() == (500, "internal_error", None)


def test_debug_pages_stay_away_from_the_api(api, monkeypatch, settings):
    settings.DEBUG = True
    monkeypatch.setattr(queries, "page", raising(RuntimeError("ours")))
    assert api.refusal() == (500, "internal_error", None)
    assert api.refusal("/external/nowhere") == (404, "route_not_found", None)


def test_the_log_says_where_and_not_what(api, monkeypatch, caplog):
    monkeypatch.setattr(queries, "page", raising(RuntimeError(f"Invented Patient {api.token}")))
    with caplog.at_level(logging.INFO):
        api.get(query="limit=7")
    (record,) = caplog.records
    assert (record.reason_code, record.exception) == ("internal_error", "RuntimeError")
    assert any(place.startswith("encounters/api/views.py") for place in record.where)
    for secret in ("Invented Patient", api.token, "limit=7", LIST):
        assert secret not in str(vars(record))


def test_refusals_are_not_logged_by_path(api, caplog):
    with caplog.at_level(logging.INFO):
        api.get(f"{LIST}/{api.token}")
    assert api.token not in caplog.text


def test_every_reason_has_one_body():
    from partners.catalogue.reasons import Reason

    for reason in Reason:
        assert list(responses.error_body(reason)) == ["error", "reason_code", "message", "field"]
