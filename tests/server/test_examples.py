"""Every code example of the developer pages, run as it is shown, against the production server."""

import json
import os
import secrets
import shutil
import subprocess
import sys
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import pytest

from chartero.docs import examples
from chartero.docs.examples import Language
from chartero.docs.reference import operations
from partners.catalogue.routes import Route
from tests.server.faulty import Refused, faulty

pytestmark = pytest.mark.server
LIST = "/external/v1/encounters"
COMMANDS = {Language.CURL: ["sh", "-eu"], Language.PYTHON: [sys.executable, "-I"], Language.JAVASCRIPT: ["node"]}
NEEDED = {Language.CURL: ("curl", "jq"), Language.PYTHON: (), Language.JAVASCRIPT: ("node",)}
RECEIVERS = {"receiver", "verify"}  # servers, which no shell can be; `test_receive.py` runs them
EVERY_LANGUAGE = pytest.mark.parametrize("language", Language, ids=lambda language: language.suffix)


@pytest.fixture(scope="module")
def recorded(served):
    """An encounter whose transcript is final and whose recording is there, as the API tells it."""
    get = partial(served.get, token=served.tokens["good"])
    for encounter in get(f"{LIST}?limit=100").json()["items"]:
        for document in encounter["documents"]:
            if get(f"{LIST}/{encounter['encounter_id']}/documents/{document['document_id']}/audio").status == 200:
                return encounter, document
    pytest.fail("no recording in the demonstration")


@pytest.fixture
def run(served, recorded, tmp_path):
    """`run(name, language, NAME=…)` runs an example in an empty folder, and returns what it prints. `text` is one
    that is in no file."""
    encounter, document = recorded

    def run_example(name, language, *, succeeds=True, text=None, **environment):
        if lacking := [tool for tool in NEEDED[language] if not shutil.which(tool)]:
            pytest.skip(f"not here: {', '.join(lacking)}")
        given = {
            "PATH": os.environ["PATH"],
            "CHARTERO_URL": f"http://127.0.0.1:{served.port}",
            "CHARTERO_KEY": served.tokens["good"],
            "ENCOUNTER_ID": encounter["encounter_id"],
            "DOCUMENT_ID": document["document_id"],
        }
        file = (tmp_path if text else examples.folder()) / f"{name}.{language.suffix}"
        if text:
            file.write_text(text)
        command = [*COMMANDS[language], str(file)]
        done = subprocess.run(
            command, cwd=tmp_path, env=given | environment, capture_output=True, text=True, timeout=60
        )
        assert (done.returncode == 0, done.stderr == "") == (succeeds, succeeds)
        return done.stdout if succeeds else done.stderr

    return run_example


@pytest.fixture
def answer(served):
    """`answer(path)` is what the API says to the example's key."""
    return lambda path: served.get(path, token=served.tokens["good"]).json()


@pytest.fixture
def document_path(recorded):
    encounter, document = recorded
    return f"{LIST}/{encounter['encounter_id']}/documents/{document['document_id']}"


def check(language, output, body, lines):
    """Assert that curl shows the body, and a program the lines that it makes of it; null has a name in each
    language."""
    if language is Language.CURL:
        assert json.loads(output) == body
    else:
        assert output.replace("null", "None").splitlines() == lines


@EVERY_LANGUAGE
def test_the_first_call(run, answer, language):
    page = answer(f"{LIST}?limit=2")
    lines = [f"{page['total']} encounters", *(f"{each['encounter_id']} {each['created_at']}" for each in page["items"])]
    check(language, run("first_call", language), page, lines)


@EVERY_LANGUAGE
@pytest.mark.parametrize(("key", "status"), [("good", "200"), ("x", "401")])
def test_a_key_is_checked(run, served, language, key, status):
    assert run("check_key", language, CHARTERO_KEY=served.tokens.get(key, key)).strip() == status


def issued(served, *options):
    """Issue a key for the demonstration's organization; return its token."""
    given = ["--organization", served.organization_id, "--label", f"Invented {secrets.token_hex(4)}", "--by", "tests"]
    return served.report("issue_key", *given, "--scope", "encounters:read", *options)["token"]


@EVERY_LANGUAGE
def test_a_key_whose_end_is_far(run, answer, language):
    end = datetime.fromisoformat(answer("/external/v1/key")["key"]["expires_at"])
    assert int(run("expiry", language)) in {(end - datetime.now(UTC)).days, (end - datetime.now(UTC)).days + 1}


@pytest.fixture(scope="module")
def expiring(served):
    return issued(served, "--expires", "10d")


@EVERY_LANGUAGE
@pytest.mark.parametrize("told", ["9 days left", "401"])
def test_an_alarm_before_a_key_expires_and_when_it_is_refused(run, expiring, language, told):
    token = expiring if told == "9 days left" else "x"
    assert told in run("expiry", language, succeeds=False, CHARTERO_KEY=token)


@EVERY_LANGUAGE
def test_a_window_in_a_zone_of_its_own(run, answer, language):
    page = answer(f"{LIST}?start_at=2025-12-31T23:00:00Z&end_at=2026-01-31T23:00:00Z&sort_order=asc")
    assert page["total"] > 100
    check(language, run("window", language), page, [f"50 of {page['total']}"])


@EVERY_LANGUAGE
def test_every_page_of_a_window(run, answer, language):
    window = "start_at=2026-01-01T00:00:00Z&end_at=2026-04-01T00:00:00Z&sort_order=asc&limit=100"
    total = answer(f"{LIST}?{window}")["total"]
    expected = [each for at in range(0, total, 100) for each in answer(f"{LIST}?{window}&offset={at}")["items"]]
    assert len(expected) == total > 200
    assert [json.loads(line) for line in run("pages", language).splitlines()] == expected


@EVERY_LANGUAGE
@pytest.mark.parametrize("behind", [False, True])
def test_every_change_from_a_cursor_on(run, answer, language, behind):
    first = answer("/external/v1/changes?limit=1")
    start = {"CURSOR": first["next_cursor"]} if behind else {}
    pages = [answer("/external/v1/changes?limit=1000" + (f"&cursor={start['CURSOR']}" if behind else ""))]
    while pages[-1]["has_more"]:
        pages.append(answer(f"/external/v1/changes?limit=1000&cursor={pages[-1]['next_cursor']}"))
    expected = [f"{each['change']} {each['encounter_id']}" for page in pages for each in page["items"]]
    assert len(expected) > 1000
    assert run("changes", language, **start).splitlines() == [*expected, pages[-1]["next_cursor"]]


@EVERY_LANGUAGE
def test_one_encounter(run, answer, recorded, language):
    body = answer(f"{LIST}/{recorded[0]['encounter_id']}")
    encounter = body["encounter"]
    documents = [f"{each['document_id']} {each['schema_type']} {each['status']}" for each in encounter["documents"]]
    lines = [f"{encounter['status']} {encounter['updated_at']}", *documents]
    check(language, run("encounter", language), body, lines)


@EVERY_LANGUAGE
def test_a_note(run, answer, language):
    encounter_id, document_id = next(
        (each["encounter_id"], document["document_id"])
        for each in answer(f"{LIST}?limit=100")["items"]
        for document in each["documents"]
        if document["schema_type"] == "document"
    )
    body = answer(f"{LIST}/{encounter_id}/documents/{document_id}")
    output = run("document", language, ENCOUNTER_ID=encounter_id, DOCUMENT_ID=document_id)
    check(language, output.rstrip(), body, body["document"]["content"]["text"].rstrip().splitlines())


@EVERY_LANGUAGE
def test_a_transcript(run, answer, document_path, language):
    body = answer(f"{document_path}/transcript")
    lines = [f"{turn['speaker']}: {turn['text']}" for turn in body["transcript"]["turns"]]
    assert lines
    check(language, run("transcript", language), body, lines)


@EVERY_LANGUAGE
def test_a_recording(run, served, answer, document_path, language, tmp_path):
    run("audio", language)
    url = answer(f"{document_path}/audio")["audio_url"]
    assert (tmp_path / "recording").read_bytes() == served.get(url.removeprefix(f"http://127.0.0.1:{served.port}")).body


@EVERY_LANGUAGE
def test_a_refusal(run, language):
    assert run("refusal", language).strip() == "invalid_limit limit"


@EVERY_LANGUAGE
@pytest.mark.parametrize(("status", "code"), [(503, "service_unavailable"), (429, "a_code_to_come")])
def test_a_service_that_is_busy_is_asked_again_when_it_says(run, served, language, status, code):
    with faulty(served.port) as proxy:
        proxy.faults = [Refused(status, code, {"Retry-After": "2"})]
        assert run("refusal", language, CHARTERO_URL=proxy.url).strip() == "invalid_limit limit"
    assert len(proxy.times) == 2
    assert proxy.times[1] - proxy.times[0] >= 2


@EVERY_LANGUAGE
@pytest.mark.parametrize("operation", operations.every(), ids=lambda operation: operation.id)
def test_the_call_of_every_route_in_the_reference(run, answer, recorded, language, operation):
    encounter, document = recorded
    ids = {"encounter_id": encounter["encounter_id"], "document_id": document["document_id"]}
    if operation.route is Route.DOCUMENTS_AUDIO:  # signed anew for each call
        expected = {"audio_url", "expires_at"}
    else:
        expected = answer(operation.path.format(**ids))
    (text,) = (each.text for each in operation.examples if each.language is language)
    output = json.loads(run(operation.id, language, text=text))
    assert (set(output) if isinstance(expected, set) else output) == expected


def test_every_example_is_run():
    """A file without a test of its name here would be shown and never run."""
    shown = {file.stem for language in Language for file in examples.folder().glob(f"*.{language.suffix}")}
    tested = Path(__file__).read_text()
    assert all(f'run("{name}"' in tested for name in shown - RECEIVERS)
    assert all(len(examples.named(name)) == len(Language) for name in shown - RECEIVERS)
