"""The rules of `examples/sync.py`: what it makes of each reason code, of what it keeps, of its settings."""

import ast
import email.utils
import io
import json
import sys
import time
import urllib.error
from datetime import UTC, datetime, timedelta
from email.message import Message

import pytest

from encounters.api.filters import ChangeFilter, EncounterFilter
from partners.catalogue.reasons import Reason, Stage
from partners.catalogue.remedies import REMEDIES
from partners.catalogue.remedy import Retry
from partners.catalogue.routes import Route
from tests.server.sync_example import FILE, loaded

sync = loaded()
START, HOUR = datetime(2026, 1, 1, tzinfo=UTC), timedelta(hours=1)
KEPT = [reason for reason in Reason if reason.stage is not Stage.RESOURCE]


def test_limits_and_scopes_are_those_of_the_catalogues():
    largest = {name: EncounterFilter.base_filters[name].grammar.schema["maximum"] for name in ("limit", "offset")}
    assert largest == {"limit": sync.LIMIT, "offset": sync.LARGEST_OFFSET}
    assert ChangeFilter.base_filters["limit"].grammar.schema["maximum"] == sync.MOST_CHANGES
    assert f"/external/v1/{Route.ENCOUNTERS_LIST.path}" == sync.LIST
    assert f"/external/v1/{Route.CHANGES_LIST.path}" == sync.CHANGES
    assert Route.CHANGES_LIST.scopes == Route.ENCOUNTERS_DETAIL.scopes == Route.ENCOUNTERS_LIST.scopes
    assert all(scope in sync.STOPS["missing_scope"][1] for scope in Route.ENCOUNTERS_LIST.scopes)


def refused(status, body, **headers):
    """Return what the program raises for an answer."""
    message = Message()
    for name, value in headers.items():
        message[name.replace("_", "-")] = value
    with pytest.raises((sync.Stop, sync.Again)) as raised:
        sync.refused(urllib.error.HTTPError("http://x", status, "", message, io.BytesIO(body)))
    return raised.value


@pytest.mark.parametrize("reason", KEPT, ids=lambda reason: reason.code)
def test_each_reason_code_of_the_list_is_met_as_the_catalogue_says(reason):
    met = refused(reason.status, json.dumps({"reason_code": reason.code}).encode(), X_Request_ID="req_1")
    retry = REMEDIES[reason].retry
    assert isinstance(met, sync.Again) == (retry is not Retry.NOT_AS_IT_IS)
    assert bool(getattr(met, "twice", None)) == (retry is Retry.ONCE)
    assert reason.code in str(met)
    assert "req_1" in str(met)


def test_the_exit_code_follows_from_the_stage():
    expected = {Stage.CREDENTIALS: sync.KEY, Stage.ACCESS: sync.ACCESS, Stage.QUERY: sync.CALL}
    stopped = [reason for reason in KEPT if reason.stage in expected and REMEDIES[reason].retry is Retry.NOT_AS_IT_IS]
    assert {reason.code: sync.STOPS[reason.code][0] for reason in stopped} == {
        reason.code: expected[reason.stage] for reason in stopped
    }


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b'{"reason_code": 7}', b'{"reason_code": "\\u001b[31m"}'])
@pytest.mark.parametrize(("status", "kind"), [(403, sync.Stop), (302, sync.Stop), (502, sync.Again), (429, sync.Again)])
def test_what_is_not_the_apis_own_answer_is_judged_by_its_status(status, kind, body):
    met = refused(status, body)
    assert type(met) is kind
    assert "without a reason code" in str(met)


def test_an_id_that_could_harm_a_terminal_is_not_printed():
    assert "\x1b" not in str(refused(401, b'{"reason_code": "invalid_key"}', X_Request_ID="\x1b[31m"))


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("5", 5), ("0", 0), ("", 0), ("-3", 0), ("soon", 0), ("٥", 0), ("Wed, 21 Oct 2015 07:28:00 GMT", 0)],
)
def test_retry_after(text, seconds):
    assert sync.retry_after(text) == seconds


@pytest.mark.parametrize("text", ["Mon, 01 Jan 0001 00:00:00 -0000", "Fri, 31 Dec 9999 23:59:59 -2359"])
def test_retry_after_as_a_date_that_no_clock_has(text):
    assert sync.retry_after(text) >= 0


@pytest.mark.parametrize("option", ["--since", "--until"])
@pytest.mark.parametrize("text", ["0001-01-01T00:00:00+01:00", "9999-12-31T23:59:59-01:00", "2026-05-25", "x", ""])
def test_a_time_that_utc_cannot_hold_is_refused_by_name(monkeypatch, capsys, option, text):
    monkeypatch.setattr(sys, "argv", ["sync.py", f"{option}={text}"])
    with pytest.raises(SystemExit) as ended:
        sync.arguments()
    assert ended.value.code == 2
    assert f"argument {option}: invalid moment value" in capsys.readouterr().err


@pytest.mark.parametrize("option", ["--overlap", "--timeout", "--patience"])
@pytest.mark.parametrize("text", ["nan", "inf", "-1", "1e300", "x"])
def test_seconds_that_no_clock_has_are_refused_by_name(monkeypatch, capsys, option, text):
    monkeypatch.setattr(sys, "argv", ["sync.py", f"{option}={text}"])
    with pytest.raises(SystemExit):
        sync.arguments()
    assert f"argument {option}: invalid" in capsys.readouterr().err


@pytest.mark.parametrize(("text", "valid"), [("0", False), ("0.001", True), ("86400", True), ("86401", False)])
def test_an_answer_is_waited_for_a_while_and_not_for_ever(text, valid):
    if valid:
        assert sync.timeout(text) == float(text)
    else:
        with pytest.raises(ValueError, match="wait"):
            sync.timeout(text)


def test_an_overlap_does_not_reach_before_all_times():
    begin = datetime(1, 1, 2, tzinfo=UTC)
    assert sync.start(None, begin, timedelta(days=30)) == datetime(1, 1, 1, tzinfo=UTC)
    assert sync.start(None, START, timedelta(days=30)) == START - timedelta(days=30)


@pytest.mark.parametrize(
    "body",
    [
        *([], {}, {"items": 7, "total": 0}, {"items": [], "total": "1"}, {"items": [{}], "total": 1}),
        {
            "items": [{"encounter_id": "enc_1", "created_at": "0001-01-01T00:00:00+01:00", "updated_at": "x"}],
            "total": 1,
        },
        {"items": [{"encounter_id": "\x1b", "created_at": "2026-01-01T00:00:00Z"}], "total": 1},
    ],
)
def test_an_answer_that_is_no_page_is_known_as_such(body):
    with pytest.raises((ValueError, KeyError, TypeError)):
        sync.Page.of(body)


def test_retry_after_as_a_date(monkeypatch):
    monkeypatch.setattr(time, "time", lambda: 1_800_000_000.0)
    assert sync.retry_after(email.utils.formatdate(1_800_000_030, usegmt=True)) == 30


@pytest.mark.parametrize(("attempt", "bound"), [(0, 1), (3, 8), (9**9, 60)])
def test_pauses_are_random_below_a_bound_that_grows(attempt, bound):
    pauses = [sync.jitter(attempt) for _ in range(200)]
    assert bound / 2 < max(pauses) <= bound
    assert min(pauses) < bound / 2


@pytest.fixture
def copy(tmp_path):
    copy = sync.Copy(tmp_path / "copy")
    yield copy
    copy.close()


def encounter(updated_at, status="completed"):
    return {"encounter_id": "enc_1", "created_at": "2026-01-01T00:00:00Z", "updated_at": updated_at, "status": status}


@pytest.mark.parametrize(
    ("first", "second", "kept"),
    [
        ("2026-01-02T00:00:00Z", "2026-01-02T00:00:00.250000Z", "second"),  # as texts, the other way round
        ("2026-01-02T00:00:00.250000Z", "2026-01-02T00:00:00Z", "first"),
        ("2026-01-02T00:00:00Z", "2026-01-02T00:00:00Z", "second"),
    ],
)
def test_an_older_encounter_never_replaces_a_newer_one(copy, first, second, kept):
    for status, updated_at in (("first", first), ("second", second)):
        copy.keep(sync.Page([encounter(updated_at, status)], 1))
    found = copy._database.execute("SELECT encounter FROM encounters").fetchall()
    assert [json.loads(line)["status"] for (line,) in found] == [kept]


def test_only_the_standard_library_is_imported():
    nodes = [node for node in ast.walk(ast.parse(FILE.read_text())) if isinstance(node, ast.Import | ast.ImportFrom)]
    names = {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
    names |= {node.module for node in nodes if isinstance(node, ast.ImportFrom)}
    assert {name.partition(".")[0] for name in names} <= sys.stdlib_module_names


@pytest.mark.parametrize(
    ("url", "valid"),
    [
        ("https://api.example.com", True),
        ("https://api.example.com/", True),
        ("http://127.0.0.1:8000", True),
        ("http://[::1]:8000", True),
        ("http://api.example.com", False),
        ("http://127.0.0.1.example.com", False),
        ("https://api.example.com/external/v1", False),
        ("ftp://127.0.0.1", False),
        ("https://[broken", False),
        ("https://api.example.com:99999", False),
        ("https://api.example.com:0", False),
        ("HTTPS://API.example.com", True),
        ("https://api.example.com?", False),
        ("https://api.example.com?x", False),
        ("https://api.example.com#x", False),
        ("", False),
    ],
)
def test_the_key_travels_encrypted_or_not_at_all(monkeypatch, url, valid):
    monkeypatch.setenv("CHARTERO_URL", url)
    if valid:
        assert sync.base_url() == url.rstrip("/")
    else:
        with pytest.raises(sync.Stop) as stop:
            sync.base_url()
        assert stop.value.exit_code == sync.NOT_SET_UP


@pytest.mark.parametrize("key", ["", "two\nlines-of-a-secret", "with blank-secret", "schlüssel-secret", "\x00secret"])
def test_a_key_that_is_none_is_refused_and_not_quoted(tmp_path, key):
    (tmp_path / "key").write_text(key)
    with pytest.raises(sync.Stop) as stop:
        sync.api_key(tmp_path / "key")
    assert "secret" not in str(stop.value)


def test_a_key_file_may_end_with_a_line_break(tmp_path):
    (tmp_path / "key").write_text("ch_sk_x\r\n")
    assert sync.api_key(tmp_path / "key") == "ch_sk_x"


@pytest.mark.parametrize(
    "kept", ["", "[]", "{}", '{"url": "https://a", "read_until": "yesterday"}', '{"url": "https://a", "read_until": 5}']
)
def test_a_state_that_is_none_is_refused(tmp_path, kept):
    (tmp_path / "state").write_text(kept)
    with pytest.raises(sync.Stop, match="not a state"):
        sync.State(tmp_path / "state", "https://a").read()


def test_a_state_belongs_to_one_service(tmp_path):
    file = tmp_path / "state"
    assert sync.State(file, "https://a").read() == sync.Progress()
    for progress in (sync.Progress(START), sync.Progress(None, START, "x", True, (START, START + HOUR))):
        sync.State(file, "https://a").write(progress)
        assert sync.State(file, "https://a").read() == progress
    with pytest.raises(sync.Stop, match="another CHARTERO_URL"):
        sync.State(file, "https://b").read()


@pytest.mark.parametrize(
    ("since", "read_until", "expected"),
    [
        (START, None, START),
        (None, START, START - HOUR),
        (START, START, START),
        (START - HOUR, START, START - HOUR),
        (START + HOUR, START, "gap"),
        (None, None, "Nothing has been read"),
    ],
)
def test_where_a_run_begins(since, read_until, expected):
    if isinstance(expected, str):
        with pytest.raises(sync.Stop, match=expected):
            sync.start(since, read_until, HOUR)
    else:
        assert sync.start(since, read_until, HOUR) == expected
