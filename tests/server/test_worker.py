"""Connections and threads of the production server's worker: who waits for whom, and until when."""

import http.client
import os
import socket
import ssl
import subprocess
import threading
import time
from contextlib import ExitStack, contextmanager, suppress

import pytest

from chartero.server.connections import LONGEST_HEAD
from chartero.server.listeners import PATIENCE
from chartero.server.threads import MOST_THREADS
from tests.server.deployment import Deployment
from tests.stopwatch import running

pytestmark = [
    pytest.mark.server,
    pytest.mark.skipif(os.environ.get("DATABASE_URL", "").startswith("postgres"), reason="asks no database"),
]
PLAIN = "tests.server.plain"
ONE_WORKER = {"CHARTERO_WORKERS": "1", "CHARTERO_THREADS": "2"}
BRIEF = {"CHARTERO_KEEP_ALIVE": "2"}


@pytest.fixture(scope="module")
def plain():
    with serving(**BRIEF) as deployment:
        yield deployment


@contextmanager
def serving(application=PLAIN, **environment):
    with Deployment(dict(os.environ)).serving(application, **ONE_WORKER | environment) as deployment:
        yield deployment


def connect(deployment):
    return socket.create_connection(("127.0.0.1", deployment.port), timeout=20)


def call(path):
    return f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode()


def answer(wire):
    return whole_answer(wire).decode().split()[1]


def whole_answer(wire):
    response = http.client.HTTPResponse(wire)
    response.begin()
    return response.read()


def whole(wire):
    """Return all that comes until the server closes the connection."""
    return b"".join(iter(lambda: wire.recv(4096), b""))


def ended(wire):
    return wire.recv(1) == b""


@contextmanager
def calling(deployment, path):
    """Have a call under way; yields what its answers come to."""
    got = []
    with connect(deployment) as wire:
        wire.sendall(call(path))
        caller = threading.Thread(target=lambda: got.append(answer(wire)))
        caller.start()
        time.sleep(0.3)
        yield got
        caller.join()


def test_a_connection_takes_one_call_after_the_other(plain):
    with connect(plain) as wire:
        for path in ("/a", "/b", "/c"):
            wire.sendall(call(path))
            assert answer(wire) == path


def test_calls_sent_at_once_are_answered_in_order():
    with serving() as deployment, connect(deployment) as wire, wire.makefile("rb") as lines:
        wire.sendall(call("/a") + call("/slow") + call("/c"))
        assert [line.split()[1].decode() for line in until(lines, 3)] == ["/a", "/slow", "/c"]


def test_a_call_sent_while_another_is_answered_waits_for_it(plain):
    with connect(plain) as wire, wire.makefile("rb") as lines:
        wire.sendall(call("/slow"))
        time.sleep(0.3)
        wire.sendall(call("/b"))
        assert [line.split()[1].decode() for line in until(lines, 2)] == ["/slow", "/b"]


def until(lines, bodies):
    """Yield the bodies of answers that come one behind the other."""
    for _ in range(bodies):
        length = 0
        while (line := lines.readline()) != b"\r\n":
            if line.lower().startswith(b"content-length:"):
                length = int(line.split()[1])
        yield lines.read(length)


def test_those_who_send_nothing_hold_up_nobody(plain):
    with ExitStack() as silent:
        for _ in range(20):
            silent.enter_context(connect(plain))
        assert plain.get("/a").status == 200


def test_one_who_sends_half_a_call_holds_up_one_thread(plain):
    with connect(plain) as wire:
        wire.sendall(call("/half")[:10])
        assert [plain.get("/a").status for _ in range(20)] == [200] * 20
        wire.sendall(call("/half")[10:])
        assert answer(wire) == "/half"


HALF_A_FORM = b"POST /a HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 200000\r\n\r\n" + b"a" * 150_000


@pytest.mark.parametrize("sent", [call("/half")[:10], HALF_A_FORM], ids=["head", "body"])
def test_who_sends_half_a_call_and_no_more_is_answered_and_holds_up_nobody(plain, sent):
    with ExitStack() as many:
        wires = [many.enter_context(connect(plain)) for _ in range(60)]  # more than there can be threads
        for wire in wires:
            wire.sendall(sent)
        assert plain.get("/a").status == 200
        assert {wire.recv(9) for wire in wires} == {b"HTTP/1.1 "}


def test_who_sends_a_head_without_an_end_is_refused(plain):
    with connect(plain) as wire:
        wire.sendall(b"GET /a HTTP/1.1\r\nX-A: " + b"a" * (LONGEST_HEAD + 1))
        assert wire.recv(9) == b"HTTP/1.1 "


def test_who_takes_no_answer_is_not_waited_for(plain):
    with ExitStack() as many:
        for _ in range(2):
            wire = many.enter_context(socket.socket())
            wire.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            wire.connect(("127.0.0.1", plain.port))
            wire.sendall(call("/long"))
        assert plain.get("/a").status == 200


def test_those_who_take_no_answer_hold_up_nobody_and_get_it_once_they_do(plain):
    with ExitStack() as many:
        begun = time.monotonic()
        for _ in range(60):  # more than there can be threads
            wire = many.enter_context(socket.socket())
            wire.settimeout(20)
            wire.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            wire.setsockopt(socket.IPPROTO_TCP, socket.TCP_MAXSEG, 536)  # on loopback, the kernel would keep it all
            wire.connect(("127.0.0.1", plain.port))
            wire.sendall(call("/big"))
        assert plain.get("/a").status == 200
        assert time.monotonic() - begun < PATIENCE
        assert whole_answer(wire).endswith(b"/big")
        assert asked(wire, "/b") == "/b"


@pytest.mark.parametrize(
    "head",
    [
        b"POST /a HTTP/1.1\r\nHost: 127.0.0.1\r\nTransfer-Encoding: chunked\r\n\r\n",
        b"POST /a HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 99999999\r\n\r\n",
        b"POST /a HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 9\r\nExpect: 100-continue\r\n\r\n",
        b"POST /%65xternal/v1/encounters HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 9\r\n\r\n",
        b"POST http://127.0.0.1/external/v1/encounters HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 9\r\n\r\n",
    ],
)
def test_nobody_waits_for_a_body_that_nobody_reads(plain, head):
    with ExitStack() as many, running() as watch:
        for _ in range(60):
            many.enter_context(connect(plain)).sendall(head)
        assert plain.get("/a").status == 200
        assert watch.seconds() < 2


def test_a_connection_goes_on_behind_a_body_that_is_here(plain):
    with connect(plain) as wire:
        wire.sendall(b"POST /a HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 3\r\n\r\nabc")
        assert answer(wire) == "/a"
        assert asked(wire, "/b") == "/b"


def test_a_client_that_waits_to_be_asked_for_its_body_is_asked_once(plain):
    with connect(plain) as wire, wire.makefile("rb") as lines:
        wire.sendall(b"POST /a HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n")
        assert [lines.readline(), lines.readline()] == [b"HTTP/1.1 100 Continue\r\n", b"\r\n"]
        wire.sendall(b"abc")
        assert lines.readline() == b"HTTP/1.1 200 OK\r\n"


def test_who_takes_no_answers_makes_room_for_others():
    with serving(GUNICORN_CMD_ARGS="--worker-connections=3") as narrow, ExitStack() as many:
        for _ in range(3):
            many.enter_context(connect(narrow)).sendall(call("/wide") * 500)
        time.sleep(1)
        assert [asked(many.enter_context(connect(narrow))) for _ in range(3)] == ["/a"] * 3


def test_an_answer_that_breaks_off_ends_its_connection_and_no_thread(plain):
    first = plain.get("/a").body
    with connect(plain) as wire:
        wire.sendall(call("/broken"))
        assert b"/broken" in whole(wire)
    time.sleep(0.5)
    assert plain.get("/a").body == first


def test_two_calls_are_answered_at_once(plain):
    with calling(plain, "/slow3") as slow:
        assert plain.get("/a").status == 200
        assert slow == []
    assert slow == ["/slow3"]


def test_idle_connections_are_closed(plain):
    with connect(plain) as silent, connect(plain) as used:
        used.sendall(call("/a"))
        assert answer(used) == "/a"
        assert ended(silent)
        assert ended(used)


def test_a_call_longer_than_an_idle_connection_may_last_does_not_end_it(plain):
    with connect(plain) as wire:
        for path in ("/slow4", "/b"):
            wire.sendall(call(path))
            assert answer(wire) == path


def asked(wire, path="/a"):
    wire.sendall(call(path))
    return answer(wire)


def test_a_connection_beyond_the_limit_waits_for_a_call_to_end():
    limit = {"CHARTERO_THREADS": "4", "GUNICORN_CMD_ARGS": "--worker-connections=3"}
    with serving(**limit) as narrow, ExitStack() as many:
        slow = [many.enter_context(calling(narrow, "/slow2")) for _ in range(3)]
        begun = time.monotonic()
        with connect(narrow) as fourth:
            assert asked(fourth) == "/a"
        assert 0.5 < time.monotonic() - begun < 10
    assert slow == [["/slow2"]] * 3


def test_where_there_is_no_room_the_one_that_was_idle_for_longest_is_closed():
    with serving(GUNICORN_CMD_ARGS="--worker-connections=4") as narrow, ExitStack() as many:
        wires = [many.enter_context(connect(narrow)) for _ in range(3)]
        for wire in (wires[1], wires[0], wires[2]):
            assert asked(wire) == "/a"
            time.sleep(0.1)  # the worker counts it idle a moment after its answer
        with running() as watch, connect(narrow) as another:
            assert asked(another) == "/a"
            assert ended(wires[1])
            assert watch.seconds() < 1
            assert [asked(wire) for wire in (wires[0], wires[2], another)] == ["/a"] * 3


def test_a_thousand_idle_connections_keep_nobody_from_being_served():
    with serving(GUNICORN_CMD_ARGS="--worker-connections=300") as server, ExitStack() as many:
        begun = time.monotonic()
        for _ in range(450):
            assert asked(many.enter_context(connect(server))) == "/a"
        assert time.monotonic() - begun < 20


def test_where_descriptors_run_out_idle_connections_make_room():
    with serving("tests.server.narrow") as server, ExitStack() as many:
        first = server.get("/a").body
        for _ in range(150):
            assert asked(many.enter_context(connect(server))) == "/a"
        many.close()
        assert server.get("/a").body == first, "the worker has been replaced"


def test_an_idle_connection_outlives_those_of_usual_clients_and_proxies():
    from chartero import gunicorn

    assert gunicorn.keepalive >= 75


def test_a_call_that_comes_while_its_connection_is_closed_is_answered_and_told_so():
    with serving(CHARTERO_KEEP_ALIVE="4") as server, connect(server) as idle, ExitStack() as many:
        assert asked(idle) == "/a"
        for _ in range(MOST_THREADS):  # as many as there can be threads
            many.enter_context(connect(server)).sendall(call("/slow8"))
        time.sleep(6)
        idle.sendall(call("/b"))
        told = whole(idle)
        assert (b"/b" in told, b"Connection: close" in told) == (True, True)


@pytest.fixture
def certificate(tmp_path):
    """Return the options that make gunicorn speak TLS itself."""
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    made = f"openssl req -x509 -newkey rsa:2048 -nodes -keyout {key} -out {certificate} -days 2 -subj /CN=localhost"
    subprocess.run(made.split(), check=True, capture_output=True)
    return {"GUNICORN_CMD_ARGS": f"--certfile={certificate} --keyfile={key}"}


def test_a_handshake_that_fails_ends_its_connection_and_no_thread(certificate):
    trusting = ssl._create_unverified_context()
    with serving(**certificate) as server:
        told = set()
        for junk in (call("/a"), b"\x16\x03\x01", b""):
            with connect(server) as wire:
                wire.sendall(junk)
            time.sleep(0.3)
            with connect(server) as wire, trusting.wrap_socket(wire) as secure:
                secure.sendall(call("/a"))
                told.add(secure.recv(4096).rpartition(b"\n")[2])
        assert len(told) == 1


def test_at_the_end_calls_at_hand_are_answered_and_idle_connections_closed():
    deployment = Deployment(dict(os.environ))
    with ExitStack() as stack:
        with deployment.serving(PLAIN, **ONE_WORKER):
            idle = stack.enter_context(connect(deployment))
            idle.sendall(call("/a"))
            assert answer(idle) == "/a"
            slow = stack.enter_context(calling(deployment, "/slow4"))
            begun = time.monotonic()
        assert time.monotonic() - begun < 7  # the graceful timeout is 10
        assert ended(idle)
    assert slow == ["/slow4"]


def test_a_call_on_an_idle_connection_is_answered_while_the_worker_ends():
    stack = ExitStack()
    server = stack.enter_context(serving())
    with connect(server) as idle:
        assert asked(idle) == "/a"
        ending = threading.Thread(target=stack.close)
        ending.start()
        time.sleep(0.7)
        idle.sendall(call("/b"))
        told = whole(idle)
        assert (b"/b" in told, b"Connection: close" in told) == (True, True)
    ending.join()


def test_a_worker_with_a_thread_that_failed_is_replaced(plain):
    first = plain.get("/a").body
    with connect(plain) as wire:
        wire.sendall(call("/exit"))
        assert ended(wire)
    for _ in range(100):
        with suppress(OSError, http.client.HTTPException):
            if plain.get("/a").body != first:
                return
        time.sleep(0.1)
    raise AssertionError("the worker that lost a thread goes on")


def test_a_worker_whose_only_thread_failed_answers_what_it_has_taken():
    with serving(CHARTERO_THREADS="1") as server, connect(server) as failing, connect(server) as waiting:
        failing.sendall(call("/exit"))
        assert ended(failing)
        waiting.sendall(call("/b"))
        assert answer(waiting) == "/b"


def test_at_the_end_connections_are_answered_or_refused_and_none_is_reset():
    met = []
    for _ in range(3):
        with serving() as server:
            stop, callers = threading.Event(), []
            for _ in range(4):
                callers.append(threading.Thread(target=keep_connecting, args=(server, met, stop)))
                callers[-1].start()
            time.sleep(0.5)
        stop.set()
        for caller in callers:
            caller.join()
    assert set(met) == {"answered", "refused"}


def keep_connecting(server, met, stop):
    """Call on a new connection each time until a moment after the server has ended."""
    while not stop.is_set():
        try:
            with connect(server) as wire:
                wire.sendall(call("/a"))
                met.append("answered" if wire.recv(12) == b"HTTP/1.1 200" else "left")
        except ConnectionRefusedError:
            met.append("refused")
        except OSError as fault:
            met.append(type(fault).__name__)
