"""What the production server writes: JSON lines and nothing else, and nothing that a caller sent."""

import json
import subprocess
import sys

import pytest

from partners.keys import tokens
from tests.server.deployment import ROOT, Deployment

pytestmark = pytest.mark.server
LIST = "/external/v1/encounters"
SENT = tokens.mint(is_test=False).text
MARK = "Invented-Patient"
BAD = [
    [f"GET /?token={SENT}&name={MARK} HTTP/9.9".encode(), b"Host: 127.0.0.1"],
    [f"{MARK} /{SENT} x".encode()],
    [b"GET / HTTP/1.1", f"{MARK} {SENT}: x".encode()],
    [b"GET / HTTP/1.1", b"Host: 127.0.0.1", b"X-A: \x00" + MARK.encode() + SENT.encode()],
    [f"GET /{SENT}{'x' * 9000} HTTP/1.1".encode(), b"Host: 127.0.0.1"],
    [f"GET /admin/?next={MARK} HTTP/1.1".encode(), f"Host: {MARK}.example".encode()],
    [f"GET /%0a{SENT}%0d%0a{MARK} HTTP/1.1".encode(), b"Host: 127.0.0.1"],
]


@pytest.fixture(scope="module")
def spoken(served, tmp_path_factory):
    """The log of a server from its start to its end, with a fault of its own in it, and the ids of what it answered."""
    log = tmp_path_factory.mktemp("log") / "server.log"
    ids = {}
    with Deployment(served.environment, log=log).serving("tests.server.broken") as broken:
        token = served.tokens["good"]
        ids["crash"] = broken.get(f"{LIST}?limit=7", token=token).headers["X-Request-ID"]
        ids["refusal"] = broken.get(f"{LIST}/{MARK}", token=SENT).headers["X-Request-ID"]
        broken.get(f"{LIST}/enc_{'0' * 22}", token=token, method="HEAD")
        assert [broken.raw(*lines).status for lines in BAD] == [400, 400, 400, 400, 414, 400, 404]
        broken.get(f"/{MARK}?{SENT}", headers={"Cookie": MARK, "Authorization": SENT})
    return log.read_text(), ids


@pytest.fixture(scope="module")
def lines(spoken):
    return [json.loads(line) for line in spoken[0].splitlines() if not line.startswith("System check")]


def test_every_line_is_json_from_start_to_end(lines):
    assert {"time", "level", "logger", "event"} <= set.intersection(*map(set, lines))
    events = [line["event"] for line in lines]
    assert events[0].startswith("Starting gunicorn")
    assert events[-1].startswith("Shutting down")
    assert sum(event.startswith("Booting worker") for event in events) == 2


def test_a_fault_is_found_by_the_id_of_its_answer(spoken, lines):
    (fault,) = [line for line in lines if line["event"] == "a call failed"]
    assert (fault["request_id"], fault["reason_code"]) == (spoken[1]["crash"], "internal_error")
    assert fault["exception"] == "RuntimeError"
    assert fault["where"][-1].startswith("tests/server/broken.py:")


def test_a_refusal_and_a_head_are_no_events(spoken, lines):
    assert spoken[1]["refusal"] not in spoken[0]
    assert {line["event"] for line in lines if line["level"] == "warning"} == {"Invalid request", "Bad Request"}
    assert {line["event"] for line in lines if line["level"] == "error"} == {"a call failed"}


def test_nothing_that_was_sent_is_in_it(served, spoken):
    for sent in (
        SENT[18:34],
        SENT[-16:],
        served.tokens["good"][18:34],
        MARK,
        MARK.lower(),
        "limit=7",
        "own words",
        LIST,
    ):
        assert sent not in spoken[0]


def test_a_server_that_may_not_start_says_why(served):
    unsafe = {"CHARTERO_ENVIRONMENT": "production", "CHARTERO_SECRET_KEY": "short", "CHARTERO_WORKERS": "1"}
    command = f"{sys.executable} -m gunicorn -c python:chartero.gunicorn --bind 127.0.0.1:0 chartero.wsgi".split()
    ended = subprocess.run(
        command, cwd=ROOT, env=served.environment | unsafe, capture_output=True, text=True, timeout=60
    )
    assert ended.returncode == 1
    assert "(chartero.E002)" in ended.stderr
    assert "HINT: Set CHARTERO_SECRET_KEY" in ended.stderr
    assert "Traceback" not in ended.stderr
