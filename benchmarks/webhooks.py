"""Measure webhooks: how many a second, whether dead endpoints hold up others, and whether a kill loses any.

    python -m benchmarks.webhooks [EVENTS] [--kills N]
    .ci/with-postgresql python -m benchmarks.webhooks 100000

Fills an empty database with 100 organizations, an endpoint for each, and EVENTS transcripts (5,000 by default), which
triggers note. A receiver over TLS in a process of its own answers for 90 endpoints. Ten are dead: they take a
connection and never say a word. Then `deliver_webhooks --serve` runs until all events of the 90 are delivered, once
without the dead and once with them. With `--kills`, it is killed (`kill -9`) that often and started again. On SQLite, a
file in a temporary folder. Exit code 1 if an event did not arrive, or arrived with other ids or another body.
"""

import argparse
import asyncio
import json
import os
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from pathlib import Path

TEMPORARY = tempfile.TemporaryDirectory()
FOLDER = Path(TEMPORARY.name)
PORT, DEAD_PORT = 18443, 18444
os.environ.setdefault("DATABASE_URL", f"sqlite:///{FOLDER / 'webhooks.sqlite3'}")
os.environ.update(
    DJANGO_SETTINGS_MODULE="chartero.settings",
    CHARTERO_DATA_DIR=str(FOLDER),
    CHARTERO_WEBHOOK_PORTS=f"{PORT},{DEAD_PORT}",
    CHARTERO_WEBHOOK_NETWORKS="127.0.0.0/8",
    CHARTERO_WEBHOOK_CA_FILE=str(FOLDER / "ca.pem"),
)

import django  # noqa: E402

django.setup()

from django.core.management import call_command  # noqa: E402
from django.db import connection  # noqa: E402
from django.utils import timezone  # noqa: E402

from encounters.models import Document, Encounter, ReadyTranscript  # noqa: E402
from partners.models import WebhookDelivery, WebhookEvent  # noqa: E402
from partners.webhooks.delivery import claiming  # noqa: E402
from tests.factories import EncounterFactory, OrganizationFactory  # noqa: E402
from tests.partners.support.receiver import certificate  # noqa: E402
from tests.partners.support.webhooks import added  # noqa: E402

ENDPOINTS, DEAD, CHUNK = 100, 10, 2_000
TURNS = [{"speaker": "A", "start": 0.0, "end": 1.0, "text": "Invented."}]


def fill(events: int, dead: int) -> None:
    """Write the transcripts, as many for each endpoint."""
    encounters = []
    for number in range(ENDPOINTS):
        organization = OrganizationFactory()
        port = DEAD_PORT if number < dead else PORT
        added(organization, f"https://127.0.0.1:{port}/hooks/{number}")
        encounters.append(EncounterFactory(organization=organization))
    rows = [_transcript(encounters[number % ENDPOINTS]) for number in range(events)]
    for at in range(0, events, CHUNK):
        Document.objects.bulk_create(rows[at : at + CHUNK])


def _transcript(encounter: Encounter) -> Document:
    return Document(encounter=encounter, schema_type="ambient_transcript", status="completed", turns=TURNS)


def start() -> subprocess.Popen[bytes]:
    """Start the service."""
    return subprocess.Popen([sys.executable, "manage.py", "deliver_webhooks", "--serve"], stdout=subprocess.DEVNULL)


def undelivered(live: int) -> int:
    """Return how many events of live endpoints are not delivered yet."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM partners_webhookdelivery AS d JOIN partners_webhookendpoint AS e"
            " ON e.id = d.endpoint_id WHERE d.state = 'delivered' AND e.url LIKE %s",
            [f"https://127.0.0.1:{PORT}/%"],
        )
        return live - int(cursor.fetchone()[0])


def deliver(events: int, dead: int, kills: int) -> float:
    """Run the service until all that can be is delivered, and return the seconds."""
    live = sum(number % ENDPOINTS >= dead for number in range(events))
    begun, service, left = time.monotonic(), start(), kills
    try:
        while undelivered(live):
            time.sleep(0.5)
            if left and undelivered(live) < live * (left / (kills + 1)):
                service.kill()
                service.wait()
                left -= 1
                WebhookDelivery.objects.filter(state="leased").update(next_attempt_at=timezone.now())
                service = start()
        return time.monotonic() - begun
    finally:
        service.send_signal(signal.SIGTERM)
        service.wait(60)


def report(events: int, dead: int, kills: int) -> float:
    """Fill, deliver and print how fast it was. Return the events a second."""
    fill(events, dead)
    waiting = ReadyTranscript.objects.filter(taken_at=None).count()
    seconds = deliver(events, dead, kills)
    live = sum(number % ENDPOINTS >= dead for number in range(events))
    print(
        f"{connection.vendor}: {waiting:,} events, {dead} of {ENDPOINTS} dead, {kills} kills: {live:,} delivered"
        f" in {seconds:.1f} s, {live / seconds:.0f} a second",
        flush=True,
    )
    return live / seconds


def empty() -> None:
    """Forget what was sent, and what waits."""
    with connection.cursor() as cursor:
        for table in ("webhookattempt", "webhookdelivery", "webhookevent"):
            cursor.execute(f"DELETE FROM partners_{table}")
        cursor.execute("DELETE FROM encounters_readytranscript")
        cursor.execute("DELETE FROM encounters_document")


# The receiver --------------------------------------------------------------------------------------------------------
async def receive() -> None:
    """Answer every request with 204, and print what came when told to end."""
    came: defaultdict[str, list[tuple[str, str]]] = defaultdict(list)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(FOLDER_OF_PARENT / "host.pem", FOLDER_OF_PARENT / "host.key")

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
        headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in head[1:] if line)}
        body = await reader.readexactly(int(headers["content-length"]))
        came[headers["charthero-event-id"]].append((headers["charthero-delivery-id"], body.decode()))
        writer.write(b"HTTP/1.1 204 No Content\r\n\r\n")
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", PORT, ssl=context, backlog=1_000)
    ended = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, ended.set)
    async with server:
        await ended.wait()
    (FOLDER_OF_PARENT / "came.json").write_text(json.dumps(came))


FOLDER_OF_PARENT = Path(os.environ.get("BENCHMARK_FOLDER", TEMPORARY.name))


def start_receiver() -> subprocess.Popen[bytes]:
    """Start the receiver, and return when it listens."""
    environment = os.environ | {"BENCHMARK_FOLDER": str(FOLDER)}
    receiver = subprocess.Popen([sys.executable, "-m", "benchmarks.webhooks", "--receive"], env=environment)
    while True:
        try:
            socket.create_connection(("127.0.0.1", PORT), timeout=1).close()
            return receiver
        except OSError:
            time.sleep(0.1)


def wrong(came: dict[str, list[tuple[str, str]]]) -> int:
    """Return how many delivered events did not arrive, or arrived with different ids or bodies."""
    delivered = WebhookDelivery.objects.filter(state="delivered").values_list("event__public_id", flat=True)
    missing = sum(event not in came for event in delivered)
    return missing + sum(len({tuple(each) for each in its}) > 1 for its in came.values())


def main() -> None:
    """Measure, and print."""
    parser = argparse.ArgumentParser()
    parser.add_argument("events", type=int, nargs="?", default=5_000)
    parser.add_argument("--kills", type=int, default=0)
    parser.add_argument("--receive", action="store_true")
    given = parser.parse_args()
    if given.receive:
        asyncio.run(receive())
        return
    call_command("migrate", verbosity=0)
    certificate(FOLDER)
    receiver = start_receiver()
    with socket.create_server(("127.0.0.1", DEAD_PORT), backlog=4_096):
        alone = report(given.events, 0, 0)
        delivered = WebhookEvent.objects.count()
        empty()
        beside = report(given.events, DEAD, given.kills)
    receiver.terminate()
    receiver.wait(30)
    came = json.loads((FOLDER / "came.json").read_text())
    faults = wrong(came) + (delivered != given.events)
    again = sum(len(its) - 1 for its in came.values())
    print(f"beside dead endpoints {beside / alone:.0%} of the speed; {again} sent again after kills; {faults} wrong")
    print(f"a lease is {claiming.LEASE.total_seconds():.0f} seconds; killed ones were due at once here")
    sys.exit(bool(faults))


if __name__ == "__main__":
    main()
