"""Sealing as a service: it goes on while the database is away, and ends when it is told to."""

import logging

import pytest
from django import db

from partners.models import Seal
from partners.seals import publishing, sealing
from partners.seals.checkpoints import Checkpoint
from partners.seals.service import Service
from tests.partners.support.sealed import FIRST, as_owner, request, sealed_record

FAILED = "sealing or its checkpoint failed: run seal_records to see why"


@pytest.fixture
def service(monkeypatch) -> Service:
    """Return a service that waits no time between its runs."""
    monkeypatch.setattr("partners.seals.service.EVERY", 0)
    return Service()


@pytest.fixture
def unpublished(monkeypatch):
    """Publish nothing, and ask no database for what was published."""
    for name in ("require_continuity", "log", "keep"):
        monkeypatch.setattr(publishing, name, lambda: None)


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


@pytest.mark.usefixtures("unpublished")
def test_a_single_run_seals_once(monkeypatch, service):
    outcomes(monkeypatch, service, {"requests": 2, "changes": 1})
    service.run(serve=False)
    assert service.sealed == {"requests": 2, "changes": 1}


@pytest.mark.usefixtures("unpublished")
def test_a_service_seals_until_it_is_stopped(monkeypatch, service):
    outcomes(monkeypatch, service, {"requests": 2}, {"requests": 3})
    service.run(serve=True)
    assert service.sealed == {"requests": 5}


@pytest.mark.usefixtures("unpublished")
def test_a_service_waits_for_the_database(monkeypatch, service, caplog):
    monkeypatch.setattr(db.connection, "close", lambda: None)
    outcomes(monkeypatch, service, db.OperationalError("secret"), {"requests": 1})
    with caplog.at_level(logging.ERROR):
        service.run(serve=True)
    assert service.sealed == {"requests": 1}
    assert [record.getMessage() for record in caplog.records] == ["sealing waits for the database"]
    assert "secret" not in caplog.text


@pytest.mark.usefixtures("unpublished")
def test_a_single_run_fails_with_the_database(monkeypatch, service):
    outcomes(monkeypatch, service, db.OperationalError())
    with pytest.raises(db.OperationalError):
        service.run(serve=False)


def between(monkeypatch, service, *acts):
    """Do one act after each run, and stop the service after the last."""
    left = list(acts)

    def wait(seconds):
        left.pop(0)()
        if not left:
            service.stopping.set()

    monkeypatch.setattr(service.stopping, "wait", wait)


@pytest.mark.django_db
def test_a_service_goes_on_when_somebody_has_repaired_the_chain(monkeypatch, service, caplog):
    sealed = sealed_record()
    seal = Seal.objects.filter(number=6)
    as_owner(lambda: seal.update(key_number=2))
    request(sealed.key, 2 * FIRST)
    between(monkeypatch, service, lambda: as_owner(lambda: seal.update(key_number=1)), lambda: None)
    with caplog.at_level(logging.ERROR):
        service.run(serve=True)
    assert service.sealed["requests"] == 1
    assert [record.getMessage() for record in caplog.records] == [FAILED]


@pytest.mark.django_db
def test_a_service_writes_the_file_once_it_can_even_if_nothing_is_new(monkeypatch, service, caplog, settings, tmp_path):
    sealed = sealed_record()
    file = tmp_path / "folder" / "checkpoint.json"
    settings.CHECKPOINT_FILE = str(file)
    request(sealed.key, 2 * FIRST)
    between(monkeypatch, service, file.parent.mkdir, lambda: None)
    with caplog.at_level(logging.ERROR):
        service.run(serve=True)
    assert [record.getMessage() for record in caplog.records] == [FAILED]
    assert service.sealed["requests"] == 1
    assert Checkpoint.read(file.read_text()).number == 7
