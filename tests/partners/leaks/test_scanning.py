"""The endpoint for secret scanning: whom it believes, what it does about a key, and what it answers."""

import json
from hashlib import sha256

import pytest
from django.db import DatabaseError, connection
from django.test.utils import CaptureQueriesContext

from partners.keys import tokens
from partners.leaks import alerts, reporting
from partners.models import ChangeEvent, KeyLeak, KeyState
from partners.models.change import Action
from partners.models.keys.leak import LONGEST_PLACE, Proof
from tests.factories import CHANGE, issue
from tests.partners.support.diagnosing import with_wrong_secret
from tests.partners.support.postbox import Postbox
from tests.partners.support.scanner import PATH, Scanner, alert

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("postbox")]


@pytest.fixture
def scanner(settings) -> Scanner:
    return Scanner(settings)


@pytest.fixture
def leaked(organization):
    organization.set_contact(CHANGE, name="", email="desk@example.com")
    return issue(organization)


def judged(token: str, label: str) -> dict[str, str]:
    return {"token_hash": sha256(token.encode()).hexdigest(), "token_type": "chartero_api_key", "label": label}


def test_it_does_not_exist_unless_the_deployment_names_the_keys(client, scanner, settings):
    settings.SECRET_SCANNING_KEYS = ""
    assert client.get(PATH).status_code == 404
    assert scanner.send([alert("x")]).status_code == 404


def test_it_takes_a_message_in_json_only(client, scanner):
    answer = client.get(PATH)
    assert (answer.status_code, answer["Allow"]) == (405, "POST")
    assert client.post(PATH, {"a": "b"}).status_code == 415
    assert not answer.cookies


@pytest.mark.parametrize(
    ("response", "state"),
    [("notify", KeyState.ACTIVE), ("disable", KeyState.DISABLED), ("revoke", KeyState.REVOKED)],
)
def test_a_key_is_reported_and_dealt_with_as_the_setting_says(scanner, leaked, settings, mailoutbox, response, state):
    settings.SECRET_SCANNING_RESPONSE = response
    key, token = leaked
    answer = scanner.send([alert(token)])
    assert (answer.status_code, answer.json()) == (200, [judged(token, "true_positive")])
    key.refresh_from_db()
    leak = key.leaks.get()
    assert (key.state, leak.place, leak.found) == (state, alert("")["url"], Proof.WHOLE)
    assert [message.to for message in mailoutbox] == [["desk@example.com"], ["one@example.com", "two@example.com"]]
    event = ChangeEvent.objects.get(action=Action.KEY_LEAKED)
    assert (event.by, event.source, event.api_key) == (alerts.BY, "127.0.0.1", key)


def test_only_what_is_certain_is_labelled(scanner, leaked, settings):
    key, token = leaked
    stranger, wrong = tokens.mint(is_test=False).text, with_wrong_secret(token)
    answer = scanner.send([alert(each) for each in (stranger, wrong, "nonsense", token[:-1], "\ud800")])
    assert {each["label"] for each in answer.json()} == {"false_positive"}
    assert len(answer.json()) == 5
    assert not KeyLeak.objects.exists()
    settings.DIGEST_KEYS = "1:" + "A" * 43 + "="
    assert scanner.send([alert(token)]).json() == []
    key.refresh_from_db()
    assert (key.state, key.leaks.get().found) == (KeyState.ACTIVE, Proof.UNVERIFIED)


def test_a_message_sent_again_changes_nothing(scanner, leaked, settings, mailoutbox):
    settings.SECRET_SCANNING_RESPONSE = "disable"
    key, token = leaked
    scanner.send([alert(token), alert(token)])
    key.refresh_from_db()
    key.enable(CHANGE)
    before, sent = ChangeEvent.objects.count(), len(mailoutbox)
    assert scanner.send([alert(token)]).json() == [judged(token, "true_positive")]
    key.refresh_from_db()
    assert (key.state, ChangeEvent.objects.count(), len(mailoutbox)) == (KeyState.ACTIVE, before, sent)
    assert sent == 2


def test_a_key_whose_secret_can_be_verified_later_is_dealt_with_then(scanner, leaked, settings, mailoutbox):
    settings.SECRET_SCANNING_RESPONSE = "disable"
    key, token = leaked
    loaded, settings.DIGEST_KEYS = settings.DIGEST_KEYS, "1:" + "A" * 43 + "="
    scanner.send([alert(token)])
    assert "still works" in mailoutbox[0].body
    settings.DIGEST_KEYS = loaded
    assert scanner.send([alert(token)]).json() == [judged(token, "true_positive")]
    key.refresh_from_db()
    assert (key.state, key.leaks.get().found) == (KeyState.DISABLED, Proof.WHOLE)
    assert [message.to[0] for message in mailoutbox] == ["desk@example.com", "one@example.com"] * 2
    assert "401 disabled_key" in mailoutbox[2].body


def test_each_place_is_reported(scanner, leaked, mailoutbox):
    key, token = leaked
    scanner.send([alert(token, url=url) for url in ("https://b.example/", "https://a.example/", "", " ", None)])
    places = {leak.place for leak in key.leaks.all()}
    assert places == {"https://a.example/", "https://b.example/", "GitHub, commit"}
    assert all(place in mailoutbox[0].body for place in places)


def test_a_wrong_token_in_the_same_place_does_not_hide_the_right_one(scanner, leaked):
    key, token = leaked
    scanner.send([alert(token), alert(with_wrong_secret(token))])
    assert key.leaks.get().found is Proof.WHOLE


@pytest.mark.parametrize("end", ["", "/sync.env#L4"])
def test_each_commit_is_a_place(scanner, leaked, end):
    key, token = leaked
    places = {f"https://git.example.com/invented/blob/{digit * 40}{end}" for digit in "a1"}
    scanner.send([alert(token, url=place) for place in places])
    assert {leak.place for leak in key.leaks.all()} == places


def test_a_contact_that_could_not_be_told_is_told_the_next_time(scanner, leaked, mailoutbox):
    token = leaked[1]
    Postbox.refused = {"desk@example.com"}
    assert scanner.send([alert(token)]).status_code == 200
    Postbox.refused = set()
    scanner.send([alert(token)])
    assert [message.to for message in mailoutbox] == [["one@example.com", "two@example.com"], ["desk@example.com"]]


def test_no_token_gets_into_a_place(scanner, leaked):
    key, token = leaked
    scanner.send([alert(token, url=f"https://x.example/?key={token}&" + "/y" * 500 + "\n")])
    place = key.leaks.get().place
    assert (token[18:] in place, len(place)) == (False, LONGEST_PLACE)


def test_nothing_is_read_before_the_signature_is_checked(scanner, leaked, monkeypatch):
    monkeypatch.setattr(alerts, "read", None)
    with CaptureQueriesContext(connection) as captured:
        answer = scanner.send([alert(leaked[1])], signature="MEUCIQ==")
    assert (answer.status_code, len(captured)) == (403, 0)


@pytest.mark.parametrize(
    "body",
    [
        b" ",
        b"no json",
        b"[" * 100_000,
        b"{}",
        b'["x"]',
        b'[{"type": "x"}]',
        b'[{"token": 1}]',
        b'[{"token": "x", "url": 1}]',
    ],
)
def test_a_message_of_another_form_is_refused(scanner, body):
    assert scanner.send(body).status_code == 400


def test_a_message_that_is_too_long_is_refused_unread(scanner):
    assert scanner.send(b" " * 300_000).status_code == 413


@pytest.mark.parametrize("fault", [DatabaseError("a row"), ZeroDivisionError("a row")])
def test_a_fault_asks_for_the_message_again_and_logs_no_token(scanner, leaked, monkeypatch, caplog, fault):
    def fail(*arguments, **values):
        raise fault

    monkeypatch.setattr(reporting, "report", fail)
    answer = scanner.send([alert(leaked[1])])
    assert (answer.status_code, answer["Retry-After"]) == (503, "5")
    (line,) = [record for record in caplog.records if record.name == "partners.leaks.scanning"]
    assert line.exception == type(fault).__name__
    assert leaked[1][18:] not in json.dumps([vars(record) for record in caplog.records], default=str)


def test_many_alerts_take_few_statements(scanner, leaked):
    strangers = [alert(tokens.mint(is_test=False).text) for _ in range(500)]
    with CaptureQueriesContext(connection) as captured:
        scanner.send(strangers)
    assert len(captured) <= 3
