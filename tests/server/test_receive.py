"""The receivers of the developer pages and `examples/receive.py`, run as a partner runs them."""

import base64
import hashlib
import hmac
import http.client
import json
import os
import re
import shutil
import sqlite3
import subprocess
import sys
import time
from contextlib import closing, contextmanager
from functools import partial
from threading import Event
from unittest.mock import Mock

import pytest

from chartero.docs import examples
from tests.server.deployment import ROOT, free_port, wait_for
from tests.server.faulty import Refused, faulty

pytestmark = pytest.mark.server
KEY = bytes(range(32))
SECRET, OLD_SECRET = (f"whsec_{base64.b64encode(key).decode()}" for key in (KEY, KEY[::-1]))
RECEIVERS = {"py": [sys.executable, "receiver.py"], "mjs": ["node", "receiver.mjs"]}
EVENT = {"type": "recording.transcript_ready", "api_version": "2026-05-01", "organization_id": "org_1"}
EVENT |= {"occurred_at": "2026-05-25T15:00:00Z", "resources": {"encounter_id": "enc_1", "document_id": "doc_1"}}
TABLE = {  # what is changed about a good request, and the answer
    "as it should be": ({}, 204),
    "an old timestamp": ({"ChartHero-Timestamp": -301}, 400),
    "a timestamp to come": ({"ChartHero-Timestamp": 310}, 400),
    "a timestamp almost too old": ({"ChartHero-Timestamp": -290}, 204),
    "a timestamp with a sign": ({"ChartHero-Timestamp": "+1"}, 400),
    "a very long timestamp": ({"ChartHero-Timestamp": "1" * 5000}, 400),
    "an unknown version": ({"ChartHero-Webhook-Version": "2020-01-01"}, 400),
    "another signature": ({"ChartHero-Signature": "v1=" + "0" * 64}, 400),
    "a signature in another form": ({"ChartHero-Signature": "é"}, 400),
    **{
        f"without {name}": ({name: None}, 400)
        for name in (
            "ChartHero-Event-Id",
            "ChartHero-Delivery-Id",
            "ChartHero-Timestamp",
            "ChartHero-Webhook-Version",
            "ChartHero-Signature",
        )
    },
}


def request(event, changed=(), key=KEY):
    """Return the headers and the body of an attempt, with these headers changed; a number moves the timestamp."""
    changed, body = dict(changed), json.dumps(event).encode()
    moved = changed.get("ChartHero-Timestamp", 0)
    timestamp = str(int(time.time()) + moved) if isinstance(moved, int) else str(moved)
    if moved is not None:
        changed["ChartHero-Timestamp"] = timestamp
    headers = {
        "ChartHero-Event-Id": event["id"],
        "ChartHero-Delivery-Id": "whd_1",
        "ChartHero-Timestamp": timestamp,
        "ChartHero-Webhook-Version": event["api_version"],
        "ChartHero-Signature": "v1=" + hmac.digest(key, f"{timestamp}.".encode() + body, hashlib.sha256).hex(),
    }
    return {name: value for name, value in (headers | changed).items() if value is not None}, body


def post(port, headers, body):
    with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=20)) as connection:
        connection.request("POST", "/", body, {name: value.encode() for name, value in headers.items()})
        return connection.getresponse().status


def eventually(condition):
    for _ in range(300):
        if condition():
            return
        time.sleep(0.1)
    raise AssertionError("it did not happen within 30 s")


@contextmanager
def running(command, folder, port, **environment):
    given = {"PATH": os.environ["PATH"], "PORT": str(port), "CHARTERO_WEBHOOK_SECRET": SECRET} | environment
    with subprocess.Popen(command, cwd=folder, env=given, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        try:
            wait_for(port, process)
            yield process
        finally:
            process.kill()


@pytest.fixture(scope="module", params=RECEIVERS)
def receiver(request, tmp_path_factory):
    """Return the port of the smallest receiver in one language."""
    command, folder, port = RECEIVERS[request.param], tmp_path_factory.mktemp("receiver"), free_port()
    if not shutil.which(command[0]):
        pytest.skip(f"not here: {command[0]}")
    for name in ("receiver", "verify"):
        shutil.copy(examples.folder() / f"{name}.{request.param}", folder)
    with running(command, folder, port):
        yield port


@pytest.mark.parametrize(("changed", "status"), TABLE.values(), ids=TABLE)
def test_a_receiver_of_the_pages_refuses_what_it_should(receiver, changed, status):
    assert post(receiver, *request(EVENT | {"id": "evt_1"}, changed)) == status


def test_a_receiver_of_the_pages_refuses_a_body_that_was_changed(receiver):
    headers, body = request(EVENT | {"id": "evt_1"})
    assert post(receiver, headers, body + b" ") == 400
    assert post(receiver, headers, b"x" * 70_000) == 413


class Program:
    """`examples/receive.py` in a folder of its own, with a key of the demonstration."""

    def __init__(self, folder, url, token):
        self.folder, self.port = folder, free_port()
        self.environment = {"CHARTERO_URL": url, "CHARTERO_KEY": token}

    def running(self, **environment):
        command = [sys.executable, "-I", "-W", "error", str(ROOT / "examples/receive.py"), "--port", str(self.port)]
        return running(command, self.folder, self.port, **self.environment | environment)

    def rows(self, query):
        with closing(sqlite3.connect(self.folder / "webhooks.sqlite3")) as database:
            return database.execute(query).fetchall()

    def outcomes(self):
        return dict(self.rows("SELECT id, outcome FROM events"))


@pytest.fixture
def proxy(served):
    with faulty(served.port) as proxy:
        yield proxy


@pytest.fixture
def program(served, proxy, tmp_path):
    return Program(tmp_path, proxy.url, served.tokens["good"])


@pytest.fixture(scope="module")
def ready(served):
    """Return the ids of a transcript that can be read, as an event points to it."""
    get = partial(served.get, token=served.tokens["good"])
    for encounter in get("/external/v1/encounters?limit=100").json()["items"]:
        for document in encounter["documents"]:
            ids = {"encounter_id": encounter["encounter_id"], "document_id": document["document_id"]}
            path = f"/external/v1/encounters/{ids['encounter_id']}/documents/{ids['document_id']}/transcript"
            if get(path).status == 200:
                return ids, get(path).json()
    pytest.fail("no transcript in the demonstration")


@pytest.mark.parametrize(("changed", "status"), TABLE.values(), ids=TABLE)
def test_the_program_decides_like_the_receivers_of_the_pages(changed, status):
    import runpy

    module = runpy.run_path(str(ROOT / "examples/receive.py"))
    headers, body = request(EVENT | {"id": "evt_1"}, changed)
    assert module["is_genuine"](headers, body, [SECRET], time.time()) == (status == 204)


def test_an_answer_that_is_no_http_is_fetched_again(monkeypatch):
    import runpy

    module = runpy.run_path(str(ROOT / "examples/receive.py"))
    monkeypatch.setattr(time, "sleep", lambda seconds: None)
    store = Mock(next=Mock(side_effect=[("evt_1", EVENT), StopIteration]))
    api = Mock(transcript=Mock(side_effect=http.client.BadStatusLine("invented")))
    with pytest.raises(StopIteration):
        module["work"](store, api, Event())
    store.postpone.assert_called_once_with("evt_1")


def test_an_event_is_stored_once_over_restarts_and_its_transcript_fetched_through_faults(program, proxy, ready):
    ids, transcript = ready
    event = EVENT | {"id": "evt_ready", "resources": ids}
    proxy.faults = [Refused(503, "service_unavailable", {"Retry-After": "1"})]
    with program.running() as first:
        assert [post(program.port, *request(event)) for _ in range(3)] == [204] * 3
        eventually(lambda: program.outcomes() == {"evt_ready": "fetched"})
        first.kill()
        said = first.communicate()[1].decode()
    assert len(re.findall("evt_ready is not fetched yet: 503 service_unavailable", said)) == 1
    assert program.environment["CHARTERO_KEY"][-40:] not in said
    with program.running():
        assert post(program.port, *request(event)) == 204
    ((body,),) = program.rows("SELECT transcript FROM transcripts")
    assert json.loads(body) == transcript
    assert len(program.outcomes()) == 1


def test_what_cannot_be_read_or_needs_no_reading_is_finished(program):
    gone = EVENT | {"id": "evt_gone"}
    test = EVENT | {"id": "evt_test", "type": "webhook.endpoint_test", "resources": {}}
    with program.running():
        assert [post(program.port, *request(each)) for each in (gone, test)] == [204, 204]
        expected = {"evt_gone": "encounter_not_found", "evt_test": "nothing to fetch"}
        eventually(lambda: program.outcomes() == expected)


@pytest.mark.once("postgresql")
def test_both_secrets_are_accepted_while_one_is_replaced(program):
    event = EVENT | {"id": "evt_1", "type": "webhook.endpoint_test", "resources": {}}
    with program.running(CHARTERO_WEBHOOK_SECRET=f"{OLD_SECRET} {SECRET}"):
        for key, status in ((KEY, 204), (KEY[::-1], 204), (bytes(32), 400)):
            assert post(program.port, *request(event, key=key)) == status


def test_an_event_under_the_id_of_another_is_refused(program):
    headers, body = request(EVENT | {"id": "evt_1"}, {"ChartHero-Event-Id": "evt_2"})
    with program.running():
        assert post(program.port, headers, body) == 400
        assert program.outcomes() == {}


@pytest.mark.parametrize("lacking", ["CHARTERO_URL", "CHARTERO_KEY", "CHARTERO_WEBHOOK_SECRET"])
def test_the_program_says_what_to_set(tmp_path, lacking):
    given = {"CHARTERO_URL": "https://api.example.com", "CHARTERO_KEY": "x", "CHARTERO_WEBHOOK_SECRET": SECRET}
    command = [sys.executable, "-I", str(ROOT / "examples/receive.py")]
    done = subprocess.run(command, cwd=tmp_path, env=given | {lacking: ""}, capture_output=True, text=True)
    assert (done.returncode, "first." in done.stderr) == (2, True)
