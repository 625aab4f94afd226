"""Whole rounds with a real receiver over TLS, in real commits: nothing is lost, and nothing is told too early."""

import json
import random
import threading
import time
from collections import defaultdict
from datetime import timedelta

import pytest
from django.db import InterfaceError, OperationalError, transaction
from django.db.models import F
from django.utils import timezone

from encounters.models import Document
from partners.models import WebhookDelivery, WebhookEvent
from partners.webhooks.delivery import claiming, outcome, service
from partners.webhooks.delivery.sending import Answer
from partners.webhooks.delivery.service import Service
from tests.encounters.ready.test_triggers import draft
from tests.factories import CHANGE, EncounterFactory
from tests.racing import rounds

pytestmark = pytest.mark.usefixtures("committed")
ROUNDS = rounds(postgresql=1, sqlite=1)
HOUR = timedelta(hours=1)


@pytest.fixture(autouse=True)
def quickly(monkeypatch):
    monkeypatch.setattr("partners.pacing.PAUSE", 0)
    monkeypatch.setattr(service, "POLL", 0.05)


@pytest.fixture
def encounter(endpoint):
    return EncounterFactory(organization=endpoint.organization)


def write(encounter, number: int) -> None:
    """Write transcripts, each in a transaction of its own."""
    for _ in range(number):
        with transaction.atomic():
            draft(encounter, status="completed")


def pass_time(by: timedelta) -> None:
    WebhookDelivery.objects.update(next_attempt_at=F("next_attempt_at") - by)


def deliver() -> None:
    Service(8).run(serve=False)


def deliver_all() -> None:
    """Let time pass until nothing waits any more."""
    for _ in range(12):
        deliver()
        if not WebhookDelivery.objects.all().open().exists():
            return
        pass_time(30 * HOUR)
    raise AssertionError("deliveries wait for ever")


def require_all_told(receiving) -> None:
    """Each transcript was told of at least once, and each attempt of a delivery had the same ids and body."""
    told = defaultdict(set)
    for got in receiving.got:
        told[got.headers["ChartHero-Event-Id"]].add((got.headers["ChartHero-Delivery-Id"], got.body))
    assert all(len(each) == 1 for each in told.values())
    bodies = [json.loads(body) for ((_, body),) in told.values()]
    documents = set(Document.objects.values_list("public_id", flat=True))
    assert {each["resources"]["document_id"] for each in bodies} == documents
    assert len(told) == len(documents) == WebhookEvent.objects.count()


@pytest.mark.parametrize("turn", range(ROUNDS))
def test_a_receiver_that_fails_in_every_way_is_told_of_everything(receiving, encounter, turn):
    dice = random.Random(turn)
    ways = [(204, {}), (500, {}), (429, {"Retry-After": "60"}), (302, {"Location": "/"})]
    receiving.answer = lambda number: dice.choice(ways)
    write(encounter, 20)
    deliver()
    pass_time(HOUR)
    deliver()
    receiving.answer = lambda number: (200, {})
    deliver_all()
    require_all_told(receiving)


def test_a_receiver_that_is_down_for_an_hour_is_told_of_everything(receiving, encounter):
    receiving.answer = lambda number: (503, {"Retry-After": "3600"})
    for _ in range(4):
        write(encounter, 3)
        deliver()
        pass_time(HOUR / 4)
    receiving.answer = lambda number: (204, {})
    deliver_all()
    require_all_told(receiving)


def test_a_killed_delivery_is_made_again_when_its_lease_ends(receiving, encounter, endpoint):
    write(encounter, 3)
    service.fan_out()
    killed = claiming.claim({endpoint.pk: 2})  # its process dies here, before or after it sent
    deliver()
    assert len(receiving.got) == 1
    pass_time(claiming.LEASE)
    deliver()
    assert len(killed) == 2
    require_all_told(receiving)


@pytest.mark.parametrize("fault", [OperationalError, InterfaceError])
def test_a_database_that_restarts_loses_nothing(receiving, encounter, monkeypatch, fault):
    broken, written = iter([True, True, False]), outcome.write

    def write_or_fail(outcomes):
        if next(broken, False):
            raise fault("the server closed the connection")
        written(outcomes)

    monkeypatch.setattr(outcome, "write", write_or_fail)
    monkeypatch.setattr("django.db.connection.close", lambda: None)  # SQLite's in memory would be gone
    write(encounter, 5)
    running = Service(4)

    def stop_when_told():
        until = time.monotonic() + 20
        while len(receiving.got) < 5 and time.monotonic() < until:
            time.sleep(0.01)
        running.stop()

    threading.Thread(target=stop_when_told).start()
    running.run(serve=True)
    deliver_all()
    require_all_told(receiving)
    assert {got.headers["ChartHero-Timestamp"] for got in receiving.got}


def test_a_database_that_fails_ends_a_single_run(receiving, encounter, monkeypatch):
    def fail(outcomes):
        raise OperationalError("out of reach")

    monkeypatch.setattr(outcome, "write", fail)
    write(encounter, 1)
    with pytest.raises(OperationalError):
        deliver()


def test_nothing_is_told_before_it_can_be_read(receiving, encounter):
    readable = []

    def send(url, headers, body):
        readable.append(json.loads(body)["resources"]["document_id"])
        return Answer(status=204)

    with transaction.atomic():
        write(encounter, 2)
        transaction.set_rollback(True)
    write(encounter, 3)
    Service(4, send=send).run(serve=False)
    assert sorted(readable) == sorted(Document.objects.values_list("public_id", flat=True))


def test_a_service_that_is_stopped_finishes_what_is_under_way(receiving, encounter):
    receiving.seconds = 0.3
    write(encounter, 1)
    running = Service(2)
    threading.Timer(0.15, running.stop).start()
    running.run(serve=True)
    assert not WebhookDelivery.objects.filter(state="leased").exists()
    deliver_all()
    require_all_told(receiving)


def test_a_delivery_that_waits_is_sent_to_one_of_two_services_alone(receiving, encounter, endpoint, race):
    write(encounter, 6)
    service.fan_out()
    first, second = race(lambda: claiming.claim({endpoint.pk: 4}), lambda: claiming.claim({endpoint.pk: 4}))
    assert not {each.pk for each in first} & {each.pk for each in second}
    assert timezone.now() < WebhookDelivery.objects.filter(state="leased").first().next_attempt_at
    assert endpoint.organization.webhook_events.count() == 6


def test_more_events_than_fit_in_one_transaction_are_all_written(receiving, encounter, monkeypatch):
    monkeypatch.setattr("partners.webhooks.fan_out.TOGETHER", 2)
    write(encounter, 5)
    endpoint = encounter.organization.webhook_endpoints.get()
    deliver()
    assert endpoint.deliveries.filter(state="delivered").count() == 5
    endpoint.switch_off(CHANGE)
