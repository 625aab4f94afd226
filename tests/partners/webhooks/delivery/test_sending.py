"""One attempt over TLS: what counts as an answer, and that no receiver can hold it up."""

import http.client
import socket
import ssl
import threading
import time
from contextlib import contextmanager, suppress

import pytest
import urllib3

from partners.webhooks import guard
from partners.webhooks.delivery import sending
from partners.webhooks.delivery.sending import Answer, send
from tests.partners.support.receiver import Receiver, allow
from tests.stopwatch import running

BODY = b'{"id":"evt_Invented1"}'


@contextmanager
def plain(act):
    """A server without TLS, which does something with each connection."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve():
            while True:
                try:
                    connection = server.accept()[0]
                except OSError:
                    return
                with connection, suppress(OSError):
                    act(connection)

        threading.Thread(target=serve, daemon=True).start()
        yield server.getsockname()[1]


def test_the_body_arrives_with_its_headers(receiving):
    assert send(receiving.url, {"X-Invented": "yes"}, BODY) == Answer(status=204)
    (got,) = receiving.got
    assert (got.body, got.headers["X-Invented"]) == (BODY, "yes")
    assert got.headers["Host"] == f"127.0.0.1:{receiving.port}"


@pytest.mark.parametrize(("status", "succeeded"), [(200, True), (299, True), (302, False), (410, False), (500, False)])
def test_any_2xx_is_success_and_no_redirect_is_followed(receiving, status, succeeded):
    receiving.answer = lambda number: (status, {"Location": receiving.url, "Retry-After": "7"})
    answer = send(receiving.url, {}, BODY)
    assert (answer.status, answer.succeeded, answer.retry_after) == (status, succeeded, "7")
    assert len(receiving.got) == 1


def test_the_body_of_an_answer_is_not_read(receiving):
    receiving.answer = lambda number: (200, {"Content-Length": "1000"})  # none of which ever comes
    assert send(receiving.url, {}, BODY) == Answer(status=200)


def test_a_malformed_header_is_not_logged(receiving, caplog):
    receiving.answer = lambda number: (200, {"no colon\r\nX-Invented": "yes"})
    assert send(receiving.url, {}, BODY) == Answer(status=200)
    assert caplog.messages == []


def test_a_proxy_of_the_environment_is_not_used(receiving, monkeypatch):
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:1")
    assert send(receiving.url, {}, BODY).succeeded


def test_a_certificate_of_an_unknown_authority_is_refused(receiving, settings):
    settings.WEBHOOK_CA_FILE = ""
    assert send(receiving.url, {}, BODY) == Answer(fault="tls")
    assert receiving.got == []


def test_a_certificate_for_another_name_is_refused(receiving, monkeypatch):
    target = guard.Target("other.example", receiving.port, "127.0.0.1", "/")
    monkeypatch.setattr(guard, "resolve", lambda url, deadline: target)
    assert send(receiving.url, {}, BODY) == Answer(fault="tls")


def test_what_the_guard_forbids_is_not_sent(receiving, settings):
    settings.WEBHOOK_NETWORKS = ()
    assert send(receiving.url, {}, BODY) == Answer(fault="forbidden")
    assert receiving.got == []


def test_a_host_without_an_address_is_a_failure(receiving, monkeypatch):
    def unresolved(url, deadline):
        raise guard.Unresolved("no address")

    monkeypatch.setattr(guard, "resolve", unresolved)
    assert send(receiving.url, {}, BODY) == Answer(fault="unresolved")


def test_a_look_up_that_took_all_the_time_leaves_none_to_send(receiving):
    assert send(receiving.url, {}, BODY, patience=0) == Answer(fault="timeout")


def test_a_receiver_that_is_down_is_a_failure(certificates, settings):
    with Receiver(certificates) as gone:
        allow(settings, certificates, gone.port)
    assert send(gone.url, {}, BODY) == Answer(fault="connection")


def test_a_slow_receiver_is_cut_off(receiving):
    receiving.seconds = 0.5
    assert send(receiving.url, {}, BODY, patience=0.2) == Answer(fault="timeout")


def drip(connection):
    """Send a byte of a TLS record now and then, so that no single read ever takes long."""
    connection.recv(1)
    connection.sendall(b"\x16\x03\x03\x40\x00")
    for _ in range(600):
        time.sleep(0.05)
        connection.sendall(b"\x00")


def test_a_handshake_that_never_ends_is_cut_off_in_time(certificates, settings):
    with plain(drip) as port:
        allow(settings, certificates, port)
        with running() as watch:
            assert send(f"https://127.0.0.1:{port}/", {}, BODY, patience=0.3) == Answer(fault="timeout")
        assert watch.seconds() < 1.5


def test_plain_http_is_no_answer(certificates, settings):
    with plain(lambda connection: connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n")) as port:
        allow(settings, certificates, port)
        assert send(f"https://127.0.0.1:{port}/", {}, BODY).fault in ("tls", "connection")


def test_what_is_no_http_is_no_answer(receiving):
    receiving.answer = lambda number: (10**4, {})
    assert send(receiving.url, {}, BODY) == Answer(fault="protocol")


@pytest.mark.parametrize(
    ("host", "port", "header"),
    [("a.example", 443, "a.example"), ("a.example", 8443, "a.example:8443"), ("2001:db8::9", 443, "[2001:db8::9]")],
)
def test_the_host_header_names_the_host(host, port, header):
    assert sending._host(guard.Target(host, port, "192.0.2.1", "/")) == header


def test_a_cut_before_the_connection_changes_nothing():
    connection = sending._Connection("192.0.2.1", 443)
    connection.cut()
    connection.finish()
    assert connection.was_cut


def test_a_cut_ends_the_connection_for_the_other_side_at_once():
    connection = sending._Connection("192.0.2.1", 443)
    connection._held, other = socket.socketpair()
    connection.cut()
    with other:
        assert (connection.was_cut, other.recv(1)) == (True, b"")
    connection.finish()


@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        (ssl.SSLCertVerificationError(), "tls"),
        (urllib3.exceptions.SSLError("unknown authority"), "tls"),
        (ConnectionResetError(), "connection"),
        (urllib3.exceptions.NewConnectionError(None, "refused"), "connection"),
        (TimeoutError(), "timeout"),
        (urllib3.exceptions.ConnectTimeoutError(), "timeout"),
        (OSError(113, "No route to host"), "connection"),
        (http.client.BadStatusLine("?"), "protocol"),
    ],
)
def test_a_failure_has_a_kind_and_says_nothing_else(fault, kind):
    assert sending._kind(fault) == kind
