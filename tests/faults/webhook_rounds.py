"""The rounds of `tests.faults.webhooks`: writers, receivers and services, while the database comes and goes."""

import json
import os
import random
import subprocess
import sys
import tempfile
import threading
import time
from collections import defaultdict
from contextlib import ExitStack
from datetime import timedelta
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

import django

django.setup()

from django import db  # noqa: E402
from django.db.models import F  # noqa: E402

from encounters.models import Document, Encounter, ReadyTranscript  # noqa: E402
from partners.models import WebhookDelivery, WebhookEndpoint  # noqa: E402
from tests.factories import CHANGE, DocumentFactory, EncounterFactory, OrganizationFactory  # noqa: E402
from tests.partners.support.receiver import Receiver  # noqa: E402
from tests.partners.support.webhooks import added  # noqa: E402
from tests.server.deployment import ROOT  # noqa: E402

KINDS = ("up", "down", "slow", "flapping", "gone", "busy")
WRITTEN = 8  # transcripts of each organization in a round
STEP, HOUR, DAY = timedelta(minutes=5), timedelta(hours=1), timedelta(days=1)
PATIENCE = 120.0  # seconds until the last event of a round has arrived
TURNS = [{"speaker": "A", "start": 0.0, "end": 1.0, "text": "Invented."}]


def insist(act):
    """Return what `act` returns, however often the database fails."""
    while True:
        try:
            return act()
        except db.Error:
            db.connection.close()
            time.sleep(0.1)


class Partner:
    """One organization with a receiver, which answers as its kind says while the simulated hour passes."""

    def __init__(self, kind: str, folder: Path) -> None:
        self.kind, self.passed = kind, timedelta(0)
        self.receiver = Receiver(folder, lambda number: self.answer(), seconds=1.0 if kind == "slow" else 0)
        self.released: dict[str, float] = {}  # when each document could be read at the earliest
        self.verified = 0
        self.endpoint, self.encounter = insist(self._made)

    def answer(self) -> tuple[int, dict[str, str]]:
        if self.kind == "flapping":
            return random.choice([(204, {}), (500, {}), (302, {"Location": "/"})])
        broken = {
            "down": (HOUR, (503, {})),
            "gone": (HOUR / 2, (410, {})),
            "busy": (HOUR, (429, {"Retry-After": "600"})),
        }
        until, answer = broken.get(self.kind, (timedelta(0), (204, {})))
        return answer if self.passed < until else (204, {})

    def write(self) -> None:
        """Write a transcript in a transaction that takes a while. One in five rolls back."""
        with db.transaction.atomic():
            document = DocumentFactory(encounter=self.encounter, status="completed", turns=TURNS)
            time.sleep(random.uniform(0, 0.3))
            if random.random() < 0.2:
                db.transaction.set_rollback(True)
            self.released[document.public_id] = time.time()

    def faults(self, library) -> list[str]:
        """Return what is wrong with what arrived."""
        told, got = defaultdict(set), list(self.receiver.got)
        documents = {json.loads(each.body)["resources"]["document_id"] for each in got}
        written = set(Document.objects.filter(encounter=self.encounter).values_list("public_id", flat=True))
        for each in got:
            told[each.headers["ChartHero-Event-Id"]].add((each.headers["ChartHero-Delivery-Id"], each.body))
        if library is not None:
            for each in got[self.verified :]:
                library.Webhook(self.endpoint.secret(1)).verify(each.body, each.headers)
        self.verified = len(got)
        found = {
            "did not arrive": written - documents,
            "arrived without its data": documents - written,
            "arrived too early": [each for each in got if each.at < self.released[_document(each)]],
            "had other ids": [each for each in told.values() if len(each) > 1],
            "were told of twice": range(len(told) - len(documents)),
        }
        return [f"{self.kind}: {len(some)} {fault}" for fault, some in found.items() if some]

    def _made(self) -> tuple[WebhookEndpoint, Encounter]:
        with db.transaction.atomic():
            organization = OrganizationFactory()
            return added(organization, self.receiver.url), EncounterFactory(organization=organization)


class Services:
    """Two processes that deliver. Every few seconds one of them is killed, and started again."""

    def __init__(self, environment: dict[str, str], log: Path) -> None:
        self._environment, self._log, self._over = environment, log.open("ab"), threading.Event()
        self.kills, self._running = 0, [self._start() for _ in range(2)]
        self._killer = threading.Thread(target=self._kill)
        self._killer.start()

    def stop(self) -> None:
        self._over.set()
        self._killer.join()
        for each in self._running:
            each.kill()
            each.wait()

    def _kill(self) -> None:
        while not self._over.wait(random.uniform(3, 6)):
            which = random.randrange(2)
            self._running[which].kill()
            self._running[which].wait()
            self._running[which] = self._start()
            self.kills += 1

    def _start(self) -> "subprocess.Popen[bytes]":
        command = [sys.executable, "manage.py", "deliver_webhooks", "--serve", "--threads", "8"]
        return subprocess.Popen(command, cwd=ROOT, env=self._environment, stdout=self._log, stderr=self._log)


def play(partners: list[Partner]) -> None:
    """Write, let an hour pass, and have everything delivered that is still to be."""
    writers = [threading.Thread(target=_write, args=(each,)) for each in partners]
    for each in partners:
        each.passed = timedelta(0)
    for each in writers:
        each.start()
    while partners[0].passed < HOUR:
        time.sleep(1.0)
        insist(lambda: _pass(STEP))
        for each in partners:
            each.passed += STEP
    for each in writers:
        each.join()
    until = time.monotonic() + PATIENCE
    while insist(_unfinished) and time.monotonic() < until:
        insist(lambda: _pass(DAY))
        insist(lambda: _look_after(partners))
        time.sleep(1.0)


def _write(partner: Partner) -> None:
    for _ in range(WRITTEN):
        insist(partner.write)
    db.connection.close()


def _pass(span: timedelta) -> None:
    WebhookDelivery.objects.all().open().update(next_attempt_at=F("next_attempt_at") - span)


def _look_after(partners: list[Partner]) -> None:
    """Do what staff do: switch on what is off, and send again what failed or was not sent."""
    for partner in partners:
        partner.endpoint.refresh_from_db()
        if not partner.endpoint.is_on:
            partner.endpoint.switch_on(CHANGE)
        partner.endpoint.deliveries.all().failed().replay(CHANGE)


def _unfinished() -> bool:
    deliveries = WebhookDelivery.objects.all()
    return ReadyTranscript.objects.filter(taken_at=None).exists() or deliveries.exclude(state="delivered").exists()


def _document(got) -> str:
    return str(json.loads(got.body)["resources"]["document_id"])


def say(words: str) -> None:
    sys.stdout.write(f"{words}\n")
    sys.stdout.flush()


def main() -> None:
    """Play the rounds, and print what arrived."""
    library = import_module("standardwebhooks") if find_spec("standardwebhooks") else None
    faults: list[str] = []
    with tempfile.TemporaryDirectory() as name, ExitStack() as stack:
        folder = Path(name)
        partners = [Partner(kind, folder) for kind in KINDS]
        for each in partners:
            stack.enter_context(each.receiver)
        environment = os.environ | {
            "CHARTERO_WEBHOOK_PORTS": ",".join(str(each.receiver.port) for each in partners),
            "CHARTERO_WEBHOOK_NETWORKS": "127.0.0.0/8",
            "CHARTERO_WEBHOOK_CA_FILE": str(folder / "ca.pem"),
        }
        services = Services(environment, folder / "log")
        stack.callback(services.stop)
        for number in range(int(sys.argv[1])):
            play(partners)
            found = [fault for each in partners for fault in insist(lambda each=each: each.faults(library))]
            came = sum(len(each.receiver.got) for each in partners)
            events = sum(len({_document(got) for got in each.receiver.got}) for each in partners)
            told = f"round {number + 1}: {events:,} events in {came:,} requests, {services.kills} kills"
            say(", ".join([told, *found]))
            faults += found
    verified = "each verified by standardwebhooks" if library else "standardwebhooks is not installed"
    say(f"{len(faults)} faults; {verified}")
    sys.exit(bool(faults))


if __name__ == "__main__":
    main()
