#!/usr/bin/env python3
"""Receive webhooks, and fetch each transcript that is ready into a SQLite file. Needs only Python 3.11.

    export CHARTERO_URL=https://api.example.com
    export CHARTERO_KEY=…
    export CHARTERO_WEBHOOK_SECRET=whsec_…
    python3 receive.py --port 8010

It listens on 127.0.0.1, so put a web server with TLS in front of it. While a secret is replaced, set both, separated
by a space. Each event is stored before it is answered, and only once, even if it arrives again after a restart.
Transcripts are fetched apart from that: a call that fails is made again until it succeeds or the API says that there
is nothing to read. The table `events` has one row for each event, and `transcripts` one for each document. Stop it
with Ctrl-C.
"""

import argparse
import base64
import hashlib
import hmac
import http.client
import json
import os
import sqlite3
import sys
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Mapping
from contextlib import closing
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

VERSIONS = {"2026-05-01"}
READY = "recording.transcript_ready"
TOLERANCE, FIRST_PAUSE, LONGEST_PAUSE = 300, 1.0, 60.0  # seconds
LONGEST_BODY, LONGEST_ANSWER = 2**16, 2**26  # bytes
HEADERS = ("ChartHero-Event-Id", "ChartHero-Delivery-Id", "ChartHero-Timestamp", "ChartHero-Signature")
TABLES = """
CREATE TABLE IF NOT EXISTS events (id TEXT PRIMARY KEY, body TEXT NOT NULL, received_at REAL NOT NULL,
    tries INTEGER NOT NULL DEFAULT 0, outcome TEXT);
CREATE TABLE IF NOT EXISTS transcripts (document_id TEXT PRIMARY KEY, transcript TEXT NOT NULL);
"""


def is_genuine(headers: Mapping[str, str], body: bytes, secrets: list[str], now: float) -> bool:
    """Return True if a request has every header, a known version, a recent timestamp and a valid signature."""
    _, _, timestamp, signature = given = [headers.get(name, "") for name in HEADERS]
    if not all(given) or headers.get("ChartHero-Webhook-Version") not in VERSIONS:
        return False
    if not (timestamp.isascii() and timestamp.isdigit()) or abs(now - int(timestamp[:12])) > TOLERANCE:
        return False
    return any(hmac.compare_digest(signature.encode(), signed(each, timestamp, body)) for each in secrets)


def signed(secret: str, timestamp: str, body: bytes) -> bytes:
    """Return the signature that a request must have under a secret."""
    key = base64.b64decode(secret.removeprefix("whsec_"))
    return b"v1=" + hmac.new(key, timestamp.encode() + b"." + body, hashlib.sha256).hexdigest().encode()


class Store:
    """The events and transcripts in a SQLite file. Each call opens it, so that every thread can use the store."""

    def __init__(self, path: str) -> None:
        self.path = path
        os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))  # transcripts are patients' data
        with closing(self.open()) as database:
            database.executescript(TABLES)

    def open(self) -> sqlite3.Connection:
        """Return a connection that commits each statement durably."""
        database = sqlite3.connect(self.path, timeout=10, isolation_level=None)
        database.execute("PRAGMA synchronous=FULL")
        return database

    def add(self, event_id: str, body: bytes) -> bool:
        """Keep an event; return False if it is here already."""
        with closing(self.open()) as database:
            values = (event_id, body.decode(), time.time())
            added = database.execute("INSERT OR IGNORE INTO events (id, body, received_at) VALUES (?, ?, ?)", values)
            return added.rowcount == 1

    def next(self) -> tuple[str, dict[str, Any]] | None:
        """Return the next event without an outcome: those that failed before come last."""
        with closing(self.open()) as database:
            query = "SELECT id, body FROM events WHERE outcome IS NULL ORDER BY tries, received_at, rowid LIMIT 1"
            row = database.execute(query).fetchone()
        return (row[0], json.loads(row[1])) if row else None

    def postpone(self, event_id: str) -> None:
        """Let other events come first."""
        with closing(self.open()) as database:
            database.execute("UPDATE events SET tries = tries + 1 WHERE id = ?", (event_id,))

    def finish(self, event_id: str, outcome: str, document_id: str = "", transcript: str = "") -> None:
        """Keep what became of an event, with its transcript if there is one."""
        with closing(self.open()) as database:
            database.execute("BEGIN IMMEDIATE")
            if transcript:
                database.execute("INSERT OR REPLACE INTO transcripts VALUES (?, ?)", (document_id, transcript))
            database.execute("UPDATE events SET outcome = ? WHERE id = ?", (outcome, event_id))
            database.execute("COMMIT")


class Receiver(BaseHTTPRequestHandler):
    """Stores each genuine event, then answers 204. A copy of an event that is here already gets 204 too."""

    store: Store
    secrets: list[str]
    arrived: threading.Event
    timeout = 20  # seconds, for a sender that stops in the middle

    def do_POST(self) -> None:
        length = self.headers.get("Content-Length", "")
        if not (length.isascii() and length.isdigit()) or int(length[:9]) > LONGEST_BODY:
            return self.answer(413)
        body = self.rfile.read(int(length))
        if not is_genuine(self.headers, body, self.secrets, time.time()):
            return self.answer(400)
        event = json.loads(body)
        if event["id"] != self.headers["ChartHero-Event-Id"]:
            return self.answer(400)
        fresh = self.store.add(event["id"], body)
        say(f"{event['id']} {event['type']}{'' if fresh else ' again'}")
        self.arrived.set()
        return self.answer(204)

    def answer(self, status: int) -> None:
        """Answer without a body."""
        self.send_response(status)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *args: Any) -> None:
        """Log nothing: callers choose what is in a request line."""


class Stopped(Exception):
    """The API answered that this transcript can't be read; `args[0]` is its reason code."""


class NoRedirect(urllib.request.HTTPRedirectHandler):
    """The API never redirects, and the key must not follow anybody elsewhere."""

    def redirect_request(self, *args: Any) -> None:
        return None


class Api:
    """The partner API."""

    def __init__(self, url: str, key: str) -> None:
        self.url, self.key = url.rstrip("/"), key
        self.opener = urllib.request.build_opener(NoRedirect)

    def transcript(self, encounter_id: str, document_id: str) -> str:
        """Return a transcript as JSON; Stopped if there is none to read, OSError if the call can succeed later."""
        encounter, document = (urllib.parse.quote(each, safe="") for each in (encounter_id, document_id))
        url = f"{self.url}/external/v1/encounters/{encounter}/documents/{document}/transcript"
        headers = {"Authorization": f"Bearer {self.key}"}
        request = urllib.request.Request(url, headers=headers)  # noqa: S310 – only https, or this machine
        try:
            with self.opener.open(request, timeout=30) as answer:
                return json.dumps(json.loads(answer.read(LONGEST_ANSWER)))
        except urllib.error.HTTPError as refusal:
            with refusal:
                code = reason(refusal.read(LONGEST_BODY))
            if refusal.code in (400, 404) or code in ("cross_organization_denied", "demo_training_denied"):
                raise Stopped(code) from None
            raise OSError(f"{refusal.code} {code}") from None
        except ValueError as fault:
            raise OSError("the answer is not JSON") from fault


def reason(body: bytes) -> str:
    """Return the reason code of a refusal."""
    try:
        return str(json.loads(body)["reason_code"])
    except (ValueError, KeyError, TypeError):
        return "no reason code"


def work(store: Store, api: Api, arrived: threading.Event) -> None:
    """Fetch what the events point to, one after the other, for ever."""
    pause = FIRST_PAUSE
    while True:
        arrived.clear()
        found = store.next()
        if found is None:
            arrived.wait(LONGEST_PAUSE)
            continue
        try:
            say(f"{found[0]} {fetch(store, api, *found)}")
            pause = FIRST_PAUSE
        except (OSError, http.client.HTTPException) as fault:
            store.postpone(found[0])
            say(f"{found[0]} is not fetched yet: {fault}; the next call is in {pause:.0f} s")
            time.sleep(pause)
            pause = min(pause * 2, LONGEST_PAUSE)


def fetch(store: Store, api: Api, event_id: str, event: dict[str, Any]) -> str:
    """Fetch the transcript of one event, and return what became of it."""
    if event["type"] != READY:  # a test event, or a type that is new
        store.finish(event_id, "nothing to fetch")
        return "nothing to fetch"
    resources = event["resources"]
    try:
        transcript = api.transcript(resources["encounter_id"], resources["document_id"])
    except Stopped as stopped:
        store.finish(event_id, str(stopped))
        return str(stopped)
    store.finish(event_id, "fetched", resources["document_id"], transcript)
    return "fetched"


def say(line: str) -> None:
    """Write a line that names ids and codes only."""
    sys.stderr.write(f"{line}\n")


def main() -> int:
    """Serve until Ctrl-C."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--port", type=int, default=8010, help="default: 8010; 0 takes a free one")
    parser.add_argument("--store", default="webhooks.sqlite3", help="default: webhooks.sqlite3")
    arguments = parser.parse_args()
    url, key, secrets = (os.environ.get(f"CHARTERO_{name}", "") for name in ("URL", "KEY", "WEBHOOK_SECRET"))
    if not (url and key and secrets.split()):
        say("Set CHARTERO_URL, CHARTERO_KEY and CHARTERO_WEBHOOK_SECRET first.")
        return 2
    if not url.startswith(("https://", "http://127.0.0.1:")):
        say("CHARTERO_URL must begin with https://.")
        return 2
    Receiver.store, Receiver.secrets, Receiver.arrived = Store(arguments.store), secrets.split(), threading.Event()
    fetching = (Receiver.store, Api(url, key), Receiver.arrived)
    threading.Thread(target=work, args=fetching, daemon=True).start()
    with ThreadingHTTPServer(("127.0.0.1", arguments.port), Receiver) as server:
        say(f"listening on port {server.server_port}")
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
