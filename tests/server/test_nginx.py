"""nginx with the files of `deploy/nginx` in front of the production server: what partners and staff meet."""

import gzip
import json
import re
import socket
import ssl
import threading
import time
from contextlib import ExitStack
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import product

import pytest

from partners.catalogue.reasons import Reason
from tests import published
from tests.server.deployment import Deployment, free_port
from tests.server.fronting import PARTNERS, STAFF, TOLD, fronted, needs_nginx
from tests.server.upgrading import BUSY, SERVED, calls, running

pytestmark = [pytest.mark.server, needs_nginx]
LIST = "/external/v1/encounters"
HOST = f"Host: {PARTNERS}".encode()
LINE = f"GET {LIST} HTTP/1.1".encode()
LONG = b"x" * 9000


@pytest.fixture(scope="module")
def front(served, tmp_path_factory):
    """Nginx in front of two services over the demonstration."""
    with ExitStack() as stack:
        ports = [
            stack.enter_context(
                Deployment(served.environment, web=served.web).serving(CHARTERO_SERVES=part, **TOLD)
            ).port
            for part in ("partners", "staff")
        ]
        yield stack.enter_context(fronted(tmp_path_factory.mktemp("front"), *ports))


@pytest.fixture(scope="module")
def alone(tmp_path_factory):
    """Nginx with nothing behind it, for whom staff are nowhere."""
    with fronted(tmp_path_factory.mktemp("alone"), free_port(), free_port(), allowed="") as alone:
        yield alone


def as_published(answer, reason, path=LIST):
    """Require an answer of nginx to be the one of the application."""
    assert re.fullmatch(r"req_[0-9a-f]{22}", answer.headers["X-Request-ID"]), "nginx didn't answer"
    published.check("GET", path, answer.status, answer.headers, answer.body)
    assert (answer.status, answer.json()) == (
        reason.status,
        {"error": "api_key_validation_failed", "reason_code": reason.code, "message": reason.message, "field": None},
    )


def test_no_header_of_a_caller_stands_for_the_proxy_or_for_the_request_id(front, served):
    names = ("X-Forwarded-For", "X-Real-IP", "Forwarded", "Via", "X-Forwarded-Host", "SCRIPT_NAME", "Script-Name")
    forged = dict.fromkeys(names, "203.0.113.7") | {"X-Forwarded-Proto": "http", "X-Request-ID": f"req_{'0' * 22}"}
    answer = front.get(LIST, token=served.tokens["good"], headers=forged).as_published("GET", LIST)
    assert answer.status == 200
    address = f"RequestRecord.objects.get(request_id={answer.headers['X-Request-ID']!r}).address"
    told = served.manage("shell", "-c", f"from partners.models.record import RequestRecord; print({address})")
    assert told.split()[-1] == "127.0.0.1"


def test_no_caller_says_to_which_trace_a_call_belongs(tmp_path):
    with ThreadingHTTPServer(("127.0.0.1", 0), Noting) as service:
        threading.Thread(target=service.serve_forever).start()
        with fronted(tmp_path, service.server_port, service.server_port) as front:
            front.get(
                LIST, headers={"traceparent": f"00-{'a' * 32}-{'b' * 16}-01", "TraceState": "a=b", "X-Other": "c"}
            )
        service.shutdown()
    names = {name.lower() for name in service.headers}
    assert "x-other" in names
    assert not {"traceparent", "tracestate"} & names


def test_only_what_is_public_is_compressed(front, served):
    wanted = {"Accept-Encoding": "gzip"}
    answer = front.get(f"{LIST}?limit=100", token=served.tokens["good"], headers=wanted)
    assert answer.headers["Content-Encoding"] == "gzip"
    assert len(json.loads(gzip.decompress(answer.body))["items"]) == 100
    for path in ("/docs/", "/openapi/v1/openapi.json"):
        assert front.get(path, headers=wanted).headers["Content-Encoding"] == "gzip"
    assert "Content-Encoding" not in front.get("/admin/login/", name=STAFF, headers=wanted).headers


def test_partners_and_staff_are_apart(front, served):
    assert front.get("/docs/").status == 200
    assert front.get("/admin/login/", name=STAFF).status == 200
    for path in ("/admin/", "/admin", "/signin/", "/%61dmin/login/", "//admin/login/", "/docs/../admin/login/"):
        assert front.get(path).status == 404, path
    answer = front.get(LIST, name=STAFF, token=served.tokens["good"])
    as_published(answer, Reason.ROUTE_NOT_FOUND, "/external/v1/nowhere")


def test_staff_come_from_their_networks_only(alone):
    answer = alone.get("/admin/login/", name=STAFF)
    assert (answer.status, answer.body) == (403, b"403\n")
    for path in ("/admin/login/", "/admin", "/signin/", "/%61dmin/"):  # nginx says so, whatever is behind it
        assert alone.get(path, name=PARTNERS).status == 404


def test_a_name_that_is_none_of_ours_gets_no_answer_of_ours(front):
    with pytest.raises(ssl.SSLError):
        front.get("/docs/", name="other.example.com")
    as_published(front.raw(LINE, b"Host: other.example.com"), Reason.BAD_REQUEST)


UNREADABLE = {
    "a long request line": [b"GET " + LIST.encode() + b"?" + LONG + b" HTTP/1.1", HOST],
    "a long header": [LINE, HOST, b"X-A: " + LONG],
    "a control character": [LINE, HOST, b"X-A: a\x00b"],
    "no host": [LINE],
    "two hosts": [LINE, HOST, HOST],
    "a bad number of bytes": [LINE, HOST, b"Content-Length: x"],
    "a long body": [LINE, HOST, b"Content-Length: 1000000"],
    "an unknown coding": [LINE, HOST, b"Transfer-Encoding: x"],
    "another version": [b"GET " + LIST.encode() + b" HTTP/3.0", HOST],
    "no request": [b"\x16\x03"],
}


@pytest.mark.parametrize("lines", UNREADABLE.values(), ids=UNREADABLE)
def test_what_nginx_cannot_read_gets_the_body_of_the_contract(front, lines):
    as_published(front.raw(*lines), Reason.BAD_REQUEST)


def test_a_method_that_nginx_refuses_is_told_which_are_allowed(front):
    as_published(front.raw(LINE.replace(b"GET", b"TRACE"), HOST), Reason.METHOD_NOT_ALLOWED)


def test_two_keys_are_none(front, served):
    key = b"Authorization: Bearer " + served.tokens["good"].encode()
    answer = front.raw(LINE, HOST, key, key).as_published("GET", LIST)
    assert answer.json()["reason_code"] in ("malformed_token", "bad_request")  # newer releases of nginx refuse it


def test_head_gets_no_body(alone):
    answer = alone.get(LIST, method="HEAD")
    published.check("HEAD", LIST, answer.status, answer.headers, answer.body)
    assert answer.status == 503


def test_over_plain_http_the_api_refuses_and_pages_lead_to_https(front):
    for port in (front.http, front.https):
        as_published(front.plain(port, LIST), Reason.HTTPS_REQUIRED)
    answer = front.plain(front.http, "/docs/?a=b")
    assert (answer.status, answer.headers["Location"]) == (308, f"https://{PARTNERS}/docs/?a=b")


def test_without_a_service_the_caller_is_asked_to_try_again(alone):
    as_published(alone.get(LIST), Reason.SERVICE_UNAVAILABLE)
    assert alone.get("/docs/").body == b"502\n"


def test_a_service_that_takes_no_connection_is_given_up(tmp_path):
    with socket.create_server(("127.0.0.1", 0), backlog=0) as full, ExitStack() as stack:
        port = full.getsockname()[1]
        for _ in range(3):
            waiting = stack.enter_context(socket.socket())
            waiting.setblocking(False)
            waiting.connect_ex(("127.0.0.1", port))
        with fronted(tmp_path, port, port) as front:
            as_published(front.get(LIST), Reason.SERVICE_UNAVAILABLE)


class Answering(BaseHTTPRequestHandler):
    """A service that answers."""

    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_):
        """Say nothing."""


class Noting(Answering):
    """A service that notes the headers of a call."""

    def do_GET(self):
        self.server.headers = list(self.headers)
        super().do_GET()


class Breaking(Answering):
    """A service that reads a call and closes the connection."""

    def do_GET(self):
        self.server.calls = True
        self.close_connection = True


def test_a_machine_that_is_gone_without_a_word_costs_no_call(tmp_path):
    with socket.create_server(("127.0.0.1", 0), backlog=0) as full, ExitStack() as stack:
        gone = full.getsockname()[1]
        for _ in range(3):
            waiting = stack.enter_context(socket.socket())
            waiting.setblocking(False)
            waiting.connect_ex(("127.0.0.1", gone))
        other = stack.enter_context(ThreadingHTTPServer(("127.0.0.1", 0), Answering))
        threading.Thread(target=other.serve_forever).start()
        stack.callback(other.shutdown)
        with fronted(tmp_path, gone, gone, other.server_port) as front:
            assert [front.get(LIST).status for _ in range(3)] == [200] * 3


def test_a_machine_that_hangs_or_breaks_off_costs_no_call(tmp_path):
    with ExitStack() as stack:
        hangs = stack.enter_context(socket.create_server(("127.0.0.1", 0)))  # its kernel takes connections
        other = stack.enter_context(ThreadingHTTPServer(("127.0.0.1", 0), Answering))
        threading.Thread(target=other.serve_forever).start()
        stack.callback(other.shutdown)
        hangs.settimeout(5)
        port = hangs.getsockname()[1]
        with fronted(tmp_path, port, port, other.server_port) as front:
            assert [front.get(LIST).status for _ in range(2)] == [200] * 2
            hung, _ = hangs.accept()
            hung.close()
            hangs.close()
            breaking = stack.enter_context(ThreadingHTTPServer(("127.0.0.1", port), Breaking))
            threading.Thread(target=breaking.serve_forever).start()
            stack.callback(breaking.shutdown)
            assert [front.get(LIST).status for _ in range(4)] == [200] * 4
            assert breaking.calls


def test_nobody_reads_the_metrics_through_nginx(alone):
    for name, path in product((PARTNERS, STAFF), ("/metrics", "//metrics/", "/%6detrics")):
        answer = alone.get(path, name=name)
        assert (answer.status, answer.body) == (404, b"404\n")


def test_who_calls_too_often_is_told_to_wait(tmp_path):
    with fronted(tmp_path, free_port(), free_port(), rate="1r/m") as front:
        connection = front.connection()
        for _ in range(1100):
            connection.request("GET", LIST)
            response = connection.getresponse()
            body = response.read()
            if response.status != 503:
                break
        connection.close()
    published.check("GET", LIST, 429, dict(response.getheaders()), body)
    assert (response.status, json.loads(body)["message"]) == (429, Reason.RATE_LIMITED.message)
    line = json.loads((tmp_path / "chartero-nginx.log").read_text().splitlines()[-1])
    assert (line["status"], line["address"]) == (429, "127.0.0.1")


def test_the_log_has_what_nginx_answered_and_nothing_that_a_caller_sent(alone):
    answer = alone.get(f"{LIST}?Invented-Patient", headers={"X-A": "Invented-Patient"})
    log, until = alone.folder / "chartero-nginx.log", time.monotonic() + 10
    while answer.headers["X-Request-ID"] not in log.read_text():  # nginx answers first, and then writes
        assert time.monotonic() < until
        time.sleep(0.01)
    written = "".join(file.read_text() for file in alone.folder.glob("*.log"))
    [line] = [line for line in log.read_text().splitlines() if answer.headers["X-Request-ID"] in line]
    assert json.loads(line)["status"] == 503
    assert "Invented" not in written


def test_an_upgrade_behind_it_fails_no_call(served, tmp_path):
    with (
        running(served.environment | served.web, tmp_path, **TOLD) as service,
        fronted(tmp_path / "front", service.port, service.port) as front,
        calls(front.https, served.tokens["good"], front.connection) as met,
    ):
        for _ in range(2):
            service.upgrade()
            time.sleep(1)
    assert set(met) <= {SERVED, BUSY}
    assert met[SERVED] > 50
