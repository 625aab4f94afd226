"""The page of record integrity: what it says of a record that is sealed, that waits, or that somebody touched."""

import html
from datetime import timedelta

import pytest
from django.db import connection

from partners.admin import integrity
from partners.keys import seal_keys
from partners.models import ChangeEvent, RequestRecord, Seal, Verification
from partners.models.change import Action
from partners.seals.checkpoints import Checkpoint
from partners.seals.state import checkpoint, tables
from partners.triggers.comparing import Fault
from tests.partners.support.command_line import refused, run, run_json
from tests.partners.support.diagnosing import text_of
from tests.partners.support.sealed import (
    FIRST,
    as_owner,
    explanation_in_place,
    later,
    request,
    run_sql,
    sealed_record,
    verified,
)
from tests.partners.support.staff import statements

pytestmark = pytest.mark.django_db
PAGE = "/admin/record-integrity/"
FILE = f"{PAGE}checkpoint/"


@pytest.fixture
def sealed():
    return sealed_record()


@pytest.fixture
def shown(security):
    return lambda: text_of(security.get(PAGE))


def test_a_record_that_is_sealed_and_verified(sealed, shown):
    run("seal_records")  # the sign-in of the person
    verified(started_at=later(seconds=-2), rows=12_345)
    text = shown()
    assert "Every row is sealed. The last verification, just now, found nothing." in text
    assert "Calls with a known key requests 9 Number 5" in text
    assert Seal.objects.newest().digest().hex() in text
    assert "12,345 2.0 Nothing found" in text
    assert "All in place and as this release defines them" in text
    assert "This server's and the database's agree" in text
    assert "Signed the last seal" in text
    assert "This server knows of none" in text
    assert "Not within a month." in text
    assert "How to begin" not in text


def test_its_statements_are_few(sealed, security, settings, tmp_path):
    settings.CHECKPOINT_FILE = str(tmp_path / "checkpoint")
    run("seal_records")
    few = statements(security, PAGE)
    for number in range(30):
        request(sealed.key, 5 * FIRST + number)
        verified()
    run("seal_records")
    assert statements(security, PAGE) == few <= 20


def test_rows_that_wait_too_long_are_told(sealed, shown, monkeypatch):
    monkeypatch.setattr(tables, "COUNTED", 2)
    for number in range(3):
        request(sealed.key, 5 * FIRST + number, later(minutes=-30))
    text = shown()
    assert "Every row up to 30 minutes ago is sealed. Nobody has verified the whole record yet." in text
    assert "New rows are not sealed." in text
    assert "2+ Too long" in text


def test_where_nothing_is_sealed_it_says_how_to_begin(security, shown, settings):
    settings.SEAL_KEYS = settings.SEAL_KEYS_FILE = settings.SEAL_PUBLIC_KEYS = ""
    text = shown()
    assert "Nothing is sealed yet." in text
    assert "manage.py seal_keys --new FILE" in text
    assert "This server knows no key." in text
    assert "Download" not in text
    answer = security.post(FILE, follow=True)
    assert "There is no seal that can be read." in text_of(answer)
    assert not ChangeEvent.objects.filter(action=Action.CHECKPOINT_SENT).exists()


def test_a_fault_is_told_with_what_to_do_next(sealed, shown):
    as_owner(lambda: RequestRecord.objects.filter(pk__in=[FIRST, FIRST + 10]).update(count=9))
    refused("verify_records")
    run("verify_records", "--from-seal", "3")
    text = shown()
    assert "The last verification, just now, found 2 faults." in text
    assert "The record is not what was sealed." in text
    assert f"Requests: row {FIRST} was altered, 2 such faults. Compare it with a backup" in text


def test_a_fault_is_explained_once_and_for_each_run_that_finds_the_same(sealed, security, shown):
    as_owner(lambda: RequestRecord.objects.filter(pk=FIRST).update(count=9))
    refused("verify_records")
    url = f"{PAGE}explain/{Verification.objects.get().pk}/"
    assert f'href="{url}"' in security.get(PAGE).text
    assert f"Requests: row {FIRST} was altered. Compare it with a backup" in text_of(security.get(url))
    assert "This field is required." in text_of(security.post(url, {"reason": ""}))
    answer = security.post(url, {"reason": "A repair with SQL, ticket and backup are with us."}, follow=True)
    assert "Explanation saved." in text_of(answer)
    event = ChangeEvent.objects.get(action=Action.FAULTS_EXPLAINED)
    assert event.after["faults"] == 1
    assert event.after["sha256"] == Verification.objects.get().digest
    explanation_in_place()
    run("verify_records")
    text = shown()
    assert "found 1 fault, as explained below." in text
    assert "The record is not what was sealed." not in text
    assert text.count(f"Explained by {event.by}, ") == 2
    again = security.post(url, {"reason": "Twice."})
    assert "Reload the page" in text_of(again)
    assert ChangeEvent.objects.filter(action=Action.FAULTS_EXPLAINED).count() == 1


def test_what_was_noted_without_a_digest_can_not_be_explained(sealed, security):
    run = verified(faults=1, first_faults=[{"kind": "", "words": "seals: seal 3 was altered", "number": 1}])
    url = f"{PAGE}explain/{run.pk}/"
    assert url not in security.get(PAGE).text
    assert "Reload the page" in text_of(security.post(url, {"reason": "Known."}))


def test_what_an_older_release_noted_has_no_next_step(sealed, shown):
    verified(faults=1, first_faults=[{"kind": "", "words": "seals: seal 3 was altered", "number": 1}])
    assert "Seals: seal 3 was altered. docs/seals.md" in shown()


def test_only_the_newest_verifications_are_open(sealed, shown):
    verified(finished_at=later(days=-366))
    for _ in range(14):
        verified()
    assert "2 earlier" in shown()


def test_a_fault_is_told_however_many_runs_of_a_part_came_after_it(sealed, shown, monkeypatch):
    monkeypatch.setattr(integrity, "LISTED", 2)
    verified(faults=1, first_faults=[{"kind": "", "words": "seals: seal 3 was altered", "number": 1}])
    for _ in range(3):
        verified(first_seal=3)
    text = shown()
    assert "The record is not what was sealed." in text
    assert "Seals: seal 3 was altered." in text


def test_what_is_damaged_is_told_and_fails_no_page(sealed, shown):
    damaged = "infinity" if connection.vendor == "postgresql" else "yesterday"
    as_owner(lambda: run_sql("UPDATE partners_seal SET sealed_at = %s", damaged))
    verified(first_faults=[{}])
    text = shown()
    assert "Seals were damaged, or rows." in text
    assert "It can't be said how far rows are sealed." in html.unescape(text)
    assert "How to begin" not in text


@pytest.mark.skipif(connection.vendor == "postgresql", reason="PostgreSQL holds only times there")
def test_rows_whose_time_is_damaged_can_not_be_read(sealed, shown):
    request(sealed.key, 5 * FIRST)
    as_owner(lambda: run_sql("UPDATE partners_requestrecord SET occurred_at = 'x' WHERE id = %s", 5 * FIRST))
    assert "Can't be read" in shown()


def test_a_last_seal_that_is_not_what_was_signed_is_told(sealed, shown):
    as_owner(lambda: Seal.objects.filter(number=6).update(signature=bytes(64)))
    assert "The last seal is not what was signed." in shown()


def test_a_key_that_is_not_known_is_told(sealed, shown):
    as_owner(lambda: Seal.objects.filter(number=6).update(key_number=7))
    assert "This server doesn't know key 7" in shown()


def test_keys_that_can_not_be_read_are_told(sealed, shown, settings):
    settings.SEAL_PUBLIC_KEYS = "x"
    assert "CHARTERO_SEAL_PUBLIC_KEYS: write each as <number>:<base64>" in html.unescape(shown())


def test_the_file_of_private_keys_is_not_opened(sealed, shown, settings):
    number, key = next(iter(seal_keys.public().items()))
    settings.SEAL_PUBLIC_KEYS = f"{number}:{seal_keys.written(key)}"
    settings.SEAL_KEYS, settings.SEAL_KEYS_FILE = "", "/nowhere"
    text = shown()
    assert seal_keys.written(key) in html.unescape(text)
    assert "Signed the last seal" in text


def test_triggers_and_clocks_are_told(shown, monkeypatch):
    monkeypatch.setattr(integrity.comparing, "faults", lambda connection: [Fault("trigger a on b", "missing")])
    monkeypatch.setattr(integrity.times, "drift", lambda connection: timedelta(seconds=-9.04))
    text = shown()
    assert "trigger a on b: missing" in text
    assert "1 differs from this release; see above" in text
    assert "The clocks of this server and of the database differ by 9.0 s." in text


def test_the_file_of_the_checkpoint_is_told(sealed, shown, settings, tmp_path):
    path = tmp_path / "checkpoint"
    settings.CHECKPOINT_FILE = str(path)
    assert "There is no such file yet." in shown()
    run("seal_records")
    assert f"Number {Seal.objects.last_number()}, written" in shown()
    path.write_text("no checkpoint")
    assert "is not a checkpoint. Move it away." in shown()


def test_the_checkpoint_is_downloaded_and_that_is_on_record(sealed, security, shown):
    answer = security.post(FILE)
    assert answer.headers["Content-Disposition"] == 'attachment; filename="checkpoint-6.json"'
    assert Checkpoint.read(answer.text) == sealed.checkpoint
    assert ChangeEvent.objects.get(action=Action.CHECKPOINT_SENT).after == {"seal": 6, "to": "download"}
    assert "by Security-person: downloaded" in shown()


@pytest.mark.usefixtures("postbox")
def test_a_checkpoint_that_was_mailed_is_told(sealed, shown, settings, monkeypatch):
    settings.SECURITY_EMAIL = ["security@example.org"]
    run_json("send_checkpoint")
    assert "mailed to security@example.org" in shown()
    monkeypatch.setattr(checkpoint, "LOOKED_BACK", timedelta(0))
    assert "Not within a month." in shown()


def test_home_leads_to_it(sealed, security):
    as_owner(lambda: RequestRecord.objects.filter(pk=FIRST).update(count=9))
    refused("verify_records")
    assert f'<p><a href="{PAGE}">Record integrity</a>' in security.get("/admin/").text
