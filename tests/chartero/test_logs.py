"""The log: one line for each event, whatever is in it, and nothing in it that belongs to a caller or is a secret."""

import json
import logging
import re
import sys
import threading
from io import StringIO
from logging.config import dictConfig

import orjson
import pytest
from django.conf import settings as shipped
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from chartero import logs
from chartero.logs import Handler, JsonLine, PlainLine
from chartero.repeats import Repeats
from encounters.api import queries
from partners.keys import tokens
from tests.api import LIST

TOKEN = tokens.mint(is_test=False).text
SECRET = f"7{TOKEN[18:]}"
FORGED = '\n{"level": "info", "event": "forged"}'
HIDING = ["\n", "\r\n", "\0", "\x1b[2J", "\x7f", "\x85", "\u2028", "\u202e", "\u2066", "\ufeff", "\udcff"]


@pytest.fixture
def written():
    """What a logger of the test writes, and where it writes to."""
    stream = StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(JsonLine())
    logging.root.addHandler(handler)
    yield stream
    logging.root.removeHandler(handler)


def record(message="something", *arguments, name="partners.invented", fault=None, **extra) -> logging.LogRecord:
    made = logging.LogRecord(name, logging.ERROR, __file__, 1, message, arguments, fault and (type(fault), fault, None))
    made.__dict__.update(extra)
    return made


def told(*arguments, **options) -> dict:
    return json.loads(JsonLine().format(record(*arguments, **options)))


def raised(fault: Exception, depth: int = 0) -> Exception:
    try:
        if depth:
            raise raised(fault, depth - 1)
        raise fault
    except Exception as caught:
        return caught


def test_a_line_says_when_how_grave_where_and_what():
    line = told("%s of %d", "one", 2)
    assert list(line) == ["time", "level", "logger", "event"]
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", line["time"])
    assert (line["level"], line["logger"], line["event"]) == ("error", "partners.invented", "one of 2")


@pytest.mark.parametrize("hiding", [*HIDING, FORGED])
@pytest.mark.parametrize("formatter", [JsonLine(), PlainLine()])
def test_no_text_breaks_its_line_or_hides_in_it(formatter, hiding):
    for made in (record(f"a{hiding}b"), record("%s", f"a{hiding}b"), record(view=f"a{hiding}b"), record(name=hiding)):
        line = formatter.format(made)
        assert line.isascii()
        assert line.isprintable()


@given(st.text())
def test_any_text_is_one_line_of_json_and_comes_back(text):
    line = JsonLine().format(record("%s", text[:22], view=[text[:22]]))
    assert line.isprintable()
    assert json.loads(line)["event"] == text[:22].encode(errors="replace").decode()


@pytest.mark.parametrize(
    "written_as",
    [
        TOKEN,
        tokens.mint(is_test=True).text,
        TOKEN[:30],
        TOKEN[:40].upper(),
        TOKEN[:40].replace("_", "%5F"),
        TOKEN.removeprefix("ch_sk_"),
        f"{TOKEN}{TOKEN}",
    ],
)
def test_text_that_looks_like_a_key_is_redacted_everywhere(written_as):
    secret = written_as[20:36]
    for made in (
        record(f"refused {written_as}."),
        record("refused %s and %r", written_as, written_as.encode()),
        record("%(key)s", {"key": written_as}),
        record(written_as, 1),
        record(reason_code=written_as),
        record(where=["first", written_as]),
        record(name=written_as),
        record(fault=type(written_as, (Exception,), {})(written_as)),
    ):
        line = JsonLine().format(made)
        assert secret not in line
        assert logs.REDACTED in line


@pytest.mark.parametrize("there", range(5, 50))
def test_a_secret_across_the_longest_text_is_redacted_before_the_text_is_cut(there):
    event = told("x " * ((logs.LONGEST - there) // 2) + "." * (there % 2) + SECRET)["event"]
    assert SECRET[:5] not in event
    assert len(event) <= logs.LONGEST


@pytest.mark.parametrize(
    "piece", [f"1{TOKEN[18:41]}", f"{TOKEN[-23:]}1", "".join(f"%{ord(each):02x}" for each in TOKEN)], ids=range(3)
)
def test_a_piece_of_a_secret_is_redacted_too(piece):
    assert told(f"refused {piece}.")["event"] == f"refused {logs.REDACTED}."


def test_the_name_of_a_class_is_not_redacted():
    assert told("%s", "MultipleObjectsReturnedWhereOneWas")["event"] == "MultipleObjectsReturnedWhereOneWas"


def test_ids_are_no_secrets():
    with logs.answering("req_" + "b" * 22):
        line = told("key_%s", "a" * 22)
    assert (line["event"], line["request_id"]) == ("key_" + "a" * 22, "req_" + "b" * 22)


def test_only_the_listed_fields_are_logged():
    line = told(reason_code="internal_error", authorization="Bearer x", query="limit=7", status=500)
    assert set(line) == {"time", "level", "logger", "event", "reason_code", "status"}


def test_a_fault_is_logged_with_its_type_and_place_and_never_its_text():
    line = JsonLine().format(record(fault=raised(ValueError("Invented Patient"))))
    assert json.loads(line)["exception"] == "ValueError"
    assert "Invented Patient" not in line


def test_the_place_of_a_fault_is_logged(written):
    try:
        raise ValueError("Invented Patient")
    except ValueError:
        logging.getLogger("partners.invented").exception("it failed")
    line = json.loads(written.getvalue())
    assert (line["event"], line["exception"]) == ("it failed", "ValueError")
    assert re.fullmatch(r"tests/chartero/test_logs\.py:\d+ test_the_place_of_a_fault_is_logged", line["where"][-1])


def test_a_record_is_bounded(written):
    logging.getLogger("partners.invented").error("x y" * 100_000, exc_info=raised(ValueError(), 200))
    assert written.getvalue().count("\n") == 1
    assert len(written.getvalue()) < 10_000


@pytest.mark.parametrize("arguments", [("%s %s", 1), ("%d", "x"), ("%(a)s", {"b": 1})])
def test_a_record_whose_arguments_do_not_fit_is_still_logged(arguments):
    assert told(*arguments)["event"] == arguments[0]


def test_a_failed_thread_logs_no_text(written):
    for fault in (ValueError("Invented Patient"), SystemExit()):
        logs.log_failed_thread(threading.ExceptHookArgs([type(fault), fault, None, None]))
    assert [json.loads(line)["exception"] for line in written.getvalue().splitlines()] == ["ValueError"]


def test_a_call_has_its_id_on_every_line_and_on_none_after(written, api, monkeypatch):
    def page(*arguments, **options):
        logging.getLogger("encounters.invented").warning("while it is served")
        raise RuntimeError("Invented Patient")

    monkeypatch.setattr(queries, "page", page)
    answer = api.get(query="limit=7")
    logging.getLogger("encounters.invented").warning("after it")
    lines = [json.loads(line) for line in written.getvalue().splitlines()]
    assert [line.get("request_id") for line in lines] == [answer["X-Request-ID"]] * 2 + [None]
    assert (lines[1]["event"], lines[1]["reason_code"], lines[1]["exception"]) == (
        "a call failed",
        "internal_error",
        "RuntimeError",
    )
    for hidden in ("Invented Patient", "limit=7", LIST, api.token):
        assert hidden not in written.getvalue()


def test_two_threads_have_their_own_ids():
    inside, both = {}, threading.Barrier(2)

    def answer(request_id):
        with logs.answering(request_id):
            both.wait(10)
            inside[request_id] = told()["request_id"]

    threads = [threading.Thread(target=answer, args=(name,)) for name in ("req_a", "req_b")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert inside == {"req_a": "req_a", "req_b": "req_b"}
    assert "request_id" not in told()


def test_a_failed_page_is_logged_with_its_view_and_status(written, db, monkeypatch):
    monkeypatch.setattr("partners.signin.forms.SignInForm.__init__", lambda *_, **__: 1 / 0)
    Client(raise_request_exception=False).get(f"/admin/login/?next={TOKEN}&name=Invented", headers={"Cookie": "a=b"})
    line = json.loads(written.getvalue())
    assert (line["logger"], line["event"], line["status"]) == ("django.request", "Internal Server Error", 500)
    assert (line["view"], line["exception"]) == ("admin:login", "ZeroDivisionError")
    assert not re.search("next=|Invented|/admin/login|Cookie", written.getvalue())


def test_a_host_that_is_not_allowed_is_not_quoted(written, client):
    assert client.get("/admin/", headers={"Host": "invented.example"}).status_code == 400
    assert json.loads(written.getvalue().splitlines()[0])["logger"] == "django.security.DisallowedHost"
    assert "invented.example" not in written.getvalue()


@pytest.mark.parametrize(
    ("message", "arguments", "event"),
    [
        ("Invalid request from ip=1.2.3.4: Invalid HTTP Header: 'X'", (), "Invalid request"),
        ("Error handling request %s %s", ("GET", "/?name=Invented"), "Error handling request"),
        ("Booting worker with pid: %s", (7,), "Booting worker with pid: 7"),
    ],
)
def test_gunicorn_quotes_no_request(message, arguments, event):
    assert told(message, *arguments, name="gunicorn.error")["event"] == event


def test_one_handler_writes_everything(monkeypatch):
    assert logs.configuration() == shipped.LOGGING
    monkeypatch.setattr(sys, "stderr", StringIO())
    try:
        dictConfig(logs.configuration())
        for name in ("django", "django.server", "gunicorn.error", "gunicorn.access", "partners"):
            logging.getLogger(name).error("from %s", name)
        said = [json.loads(line)["event"] for line in sys.stderr.getvalue().splitlines()]
    finally:
        monkeypatch.undo()
        dictConfig(shipped.LOGGING)
    assert said == ["from django", "from gunicorn.error", "from partners"]


@pytest.fixture
def handler(monkeypatch):
    """The product's own handler, whose clock stands still until the test moves it, and whose lines can be read."""
    monkeypatch.setattr(sys, "stderr", StringIO())
    handler = Handler()
    handler.setFormatter(JsonLine())
    handler.addFilter(logs.CallersFaults())
    handler.clock = [0.0]
    handler.repeats = Repeats(lambda: handler.clock[0])
    handler.lines = lambda: [json.loads(line) for line in handler.stream.getvalue().splitlines()]
    logging.root.addHandler(handler)
    yield handler
    logging.root.removeHandler(handler)


def failed(place="partners/a.py:1 b", **extra) -> logging.LogRecord:
    return record("a call failed", exception="OperationalError", where=["first", place], **extra)


def test_calls_that_fail_alike_are_one_line_with_the_last_ones_id(handler):
    for number in range(5):
        with logs.answering(f"req_{number}"):
            handler.handle(failed(reason_code="service_unavailable"))
    handler.clock[0] = 60
    with logs.answering("req_good"):
        pass
    first, last = handler.lines()
    assert (first["request_id"], last["request_id"]) == ("req_0", "req_4")
    assert "repeated" not in first
    assert last == first | {"time": last["time"], "request_id": "req_4", "repeated": 3}


def test_a_line_of_a_traced_call_names_its_trace_and_others_none(handler):
    for trace in ("0a" * 16, "0b" * 16):
        with logs.answering("req_1"), logs.traced(trace):
            handler.handle(failed())
    handler.handle(failed())
    handler.clock[0] = 60
    handler.settle()
    first, last = handler.lines()
    assert (first["trace_id"], first["request_id"]) == ("0a" * 16, "req_1")
    assert not {"trace_id", "request_id"} & last.keys()


@pytest.mark.parametrize(
    "other",
    [
        failed("partners/a.py:2 b"),
        failed(reason_code="internal_error"),
        failed(name="encounters.invented"),
        record("another", exception="OperationalError", where=["partners/a.py:1 b"]),
        record("a call failed", exception="ValueError", where=["partners/a.py:1 b"]),
    ],
)
def test_another_place_exception_logger_or_text_is_another_kind(handler, other):
    for made in (failed(), other, failed(), other):
        handler.handle(made)
    assert len(handler.lines()) == 2


def test_events_that_are_no_faults_are_never_left_out(handler):
    for _ in range(3):
        handler.handle(record("Booting worker with pid: %s", 7))
        handler.handle(record("not ready", check="database", exception="OperationalError"))
    assert len(handler.lines()) == 6


def test_a_line_brings_what_was_left_out_before_it(handler):
    for _ in range(3):
        handler.handle(failed())
    handler.clock[0] = 61
    handler.handle(record("something else"))
    assert [(line["event"], line.get("repeated")) for line in handler.lines()] == [
        ("a call failed", None),
        ("a call failed", 1),
        ("something else", None),
    ]


def test_faults_with_a_traceback_are_of_one_kind_where_they_arose(handler):
    for depth in (0, 0, 7):
        handler.handle(record("%s", depth, fault=raised(ValueError(), depth)))
    assert [line["event"] for line in handler.lines()] == ["0"]


def test_the_end_of_the_process_brings_what_was_left_out(handler):
    for _ in range(3):
        handler.handle(failed())
    handler.close()
    assert [line.get("repeated") for line in handler.lines()] == [None, 1]
    handler.stream.close()
    handler.close()


def test_failed_pages_and_requests_that_callers_spoil_are_counted_too(handler, client, db, monkeypatch):
    monkeypatch.setattr("partners.signin.forms.SignInForm.__init__", lambda *_, **__: 1 / 0)
    client.raise_request_exception = False
    for name in ("a", "b", "c"):
        client.get(f"/admin/login/?name={name}")
        client.get("/admin/", headers={"Host": f"{name}.example"})
        handler.handle(record(f"Invalid request from ip={name}: x", name="gunicorn.error", status=400))
    handler.close()
    lines = [(line["event"], line.get("repeated")) for line in handler.lines()]
    said = ["Internal Server Error", "Bad Request", "Invalid request"]
    assert sorted(lines, key=str) == sorted([(each, number) for each in said for number in (None, 1)], key=str)


def test_an_event_that_cannot_be_written_harms_nobody(handler, monkeypatch):
    monkeypatch.setattr(logging, "raiseExceptions", False)
    handler.handle(record("a", where=3))
    handler.handle(failed())
    assert [line["event"] for line in handler.lines()] == ["a call failed"]


def test_a_person_at_a_terminal_gets_plain_lines(monkeypatch):
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)
    assert logs.configuration()["formatters"]["line"]["()"] is PlainLine
    first, second = PlainLine().format(record(fault=raised(ValueError()), where=["a\nb"], status=500)).split("\n")
    assert re.fullmatch(r"\S+ error something logger=partners.invented exception=ValueError status=500", first)
    assert second == r"    a\nb"


def test_half_a_character_spoils_no_line_for_a_strict_reader():
    assert orjson.loads(JsonLine().format(record("a\udcffb")))["event"] == "a?b"
