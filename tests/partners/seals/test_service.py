"""Sealing as a service: it goes on while the database is away, and ends when it is told to."""

import logging

import pytest
from django import db

from partners.seals import publishing, sealing
from partners.seals.publishing import ChainBroken
from partners.seals.service import Service


@pytest.fixture
def service(monkeypatch) -> Service:
    """Return a service that waits no time between its runs."""
    running = Service()
    monkeypatch.setattr("partners.seals.service.EVERY", 0)
    monkeypatch.setattr(publishing, "require_continuity", lambda: None)
    monkeypatch.setattr(publishing, "publish", lambda: None)
    return running


def outcomes(monkeypatch, service, *given):
    """Let each run end like this, and the last one stop the service."""
    left = list(given)

    def seal():
        outcome = left.pop(0)
        if not left:
            service.stopping.set()
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    monkeypatch.setattr(sealing, "seal", seal)


def test_a_single_run_seals_once(monkeypatch, service):
    outcomes(monkeypatch, service, {"requests": 2, "changes": 1})
    service.run(serve=False)
    assert service.sealed == {"requests": 2, "changes": 1}


def test_a_service_seals_until_it_is_stopped(monkeypatch, service):
    outcomes(monkeypatch, service, {"requests": 2}, {"requests": 3})
    service.run(serve=True)
    assert service.sealed == {"requests": 5}


def test_a_service_waits_for_the_database(monkeypatch, service, caplog):
    monkeypatch.setattr(db.connection, "close", lambda: None)
    outcomes(monkeypatch, service, db.OperationalError("secret"), {"requests": 1})
    with caplog.at_level(logging.ERROR):
        service.run(serve=True)
    assert service.sealed == {"requests": 1}
    assert [record.getMessage() for record in caplog.records] == ["sealing waits for the database"]
    assert "secret" not in caplog.text


def test_a_single_run_fails_with_the_database(monkeypatch, service):
    outcomes(monkeypatch, service, db.OperationalError())
    with pytest.raises(db.OperationalError):
        service.run(serve=False)


@pytest.mark.parametrize("fault", [ChainBroken("why"), PermissionError("where")])
def test_a_service_goes_on_when_somebody_has_repaired_what_is_wrong(monkeypatch, service, caplog, fault):
    outcomes(monkeypatch, service, fault, {"requests": 1})
    with caplog.at_level(logging.ERROR):
        service.run(serve=True)
    assert service.sealed == {"requests": 1}
    assert [record.getMessage() for record in caplog.records] == ["nothing is sealed: run seal_records to see why"]
