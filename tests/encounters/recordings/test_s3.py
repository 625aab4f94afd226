"""Recordings in a bucket: a store verifies each signature, refuses, is out of reach, or is silent."""

import socket
import urllib.error
import urllib.request
from contextlib import contextmanager
from io import StringIO
from urllib.parse import parse_qs, urlsplit

import pytest
from django.core.files.base import ContentFile
from django.core.management import CommandError, call_command
from django.test import RequestFactory

from encounters.checks import bucket_can_be_used, recordings_can_be_linked
from encounters.models import Document
from encounters.recordings import storage as recordings
from tests.api import LIST
from tests.encounters.support import bucket
from tests.encounters.support.restricted import restrict
from tests.encounters.transcripts.visits import NEWER, transcript, visit, write
from tests.factories import DocumentFactory

pytest.importorskip("botocore", reason="needs deploy/s3.txt")
pytest.importorskip("nanio", reason="needs .ci/requirements.txt")
s3 = pytest.importorskip("encounters.recordings.s3")
pytestmark = pytest.mark.s3


@pytest.fixture(scope="module")
def running(tmp_path_factory):
    with bucket.serving(tmp_path_factory.mktemp("store")) as store:
        yield store


@pytest.fixture
def use(settings):
    """Set the bucket up as the environment does, with other values where they are given."""

    def use(**given):
        settings.S3 = given
        settings.STORAGES = settings.STORAGES | {
            "recordings": {"BACKEND": "encounters.recordings.s3.BucketStorage", "OPTIONS": given}
        }
        return recordings.storage()

    return use


@pytest.fixture
def store(running, use):
    """The store, set up and empty."""
    for name in running.kept():
        (running.folder / running.bucket / name).unlink()
    use(**running.settings)
    return running


def fetch(url, **headers):
    """Return the status, the media type and the body, as a partner gets them."""
    try:
        with urllib.request.urlopen(urllib.request.Request(url, headers=headers), timeout=10) as answer:
            return answer.status, answer.headers["Content-Type"], answer.read()
    except urllib.error.HTTPError as refused:
        with refused:
            return refused.code, refused.headers["Content-Type"], refused.read()


@pytest.mark.parametrize("ending", recordings.MEDIA_TYPES)
def test_a_link_gives_the_recording_and_its_type_without_a_key(store, ending):
    name = recordings.storage().save(f"org_x/a b+ü{ending}", ContentFile(b"RIFF invented"))
    url, _ = recordings.link(name, RequestFactory().get("/"))
    assert fetch(url) == (200, recordings.MEDIA_TYPES[ending], b"RIFF invented")
    assert fetch(url, Range="bytes=2-3")[::2] == (206, b"FF")


def test_a_link_says_what_the_store_has_to_send_and_for_how_long(store, settings):
    url, _ = recordings.link("org_x/a.m4a", RequestFactory().get("/"))
    query = {name: value for name, (value,) in parse_qs(urlsplit(url).query).items()}
    assert (query["response-content-type"], query["response-cache-control"]) == ("audio/mp4", "no-store")
    assert (query["X-Amz-Expires"], query["X-Amz-Algorithm"]) == (str(settings.AUDIO_URL_SECONDS), "AWS4-HMAC-SHA256")
    assert url.startswith(f"{store.settings['endpoint']}/recordings/org_x/a.m4a?")
    assert bucket.KEYS["secret_key"] not in url


def test_a_changed_link_and_one_that_has_expired_are_refused(store):
    storage = recordings.storage()
    url = storage.url(storage.save("org_x/a.wav", ContentFile(b"RIFF")), expire=60)
    storage.save("org_x/b.wav", ContentFile(b"RIFF"))
    assert fetch(url)[0] == 200
    assert fetch(url.replace("a.wav", "b.wav"))[0] == 403
    assert fetch(url.replace("X-Amz-Expires=60", "X-Amz-Expires=600"))[0] == 403
    assert fetch(url.partition("?")[0])[0] == 403
    assert fetch(storage.url("org_x/a.wav", expire=0))[0] >= 400


def test_amazons_own_addresses_need_no_endpoint(use):
    storage = use(bucket="invented", endpoint="", region="eu-central-1", **bucket.KEYS)
    assert storage.url("a.wav", expire=60).startswith("https://invented.s3.eu-central-1.amazonaws.com/a.wav?")


def test_a_name_is_there_once_it_is_saved_until_it_is_deleted(store):
    storage = recordings.storage()
    assert not storage.exists("org_x/a.wav")
    assert [storage.save("org_x/a.wav", ContentFile(each)) for each in (b"RI", b"RIFF")] == ["org_x/a.wav"] * 2
    assert (storage.exists("org_x/a.wav"), storage.size("org_x/a.wav")) == (True, 4)
    storage.delete("org_x/a.wav")
    storage.delete("org_x/a.wav")
    with pytest.raises(FileNotFoundError):
        storage.size("org_x/a.wav")


# An import --------------------------------------------------------------------------------------------------------


@pytest.fixture
def bring(organization, tmp_path):
    (tmp_path / "a.wav").write_bytes(b"RIFF invented")

    def run(*lines):
        path = write(tmp_path / "visits.ndjson", *lines)
        arguments = ["--organization", organization.public_id, "--record-class", "clinical", "--source", "s", "--json"]
        call_command("import_transcripts", str(path), *arguments, stdout=StringIO())

    return run


def test_an_import_copies_replaces_and_deletes_as_on_disk(store, bring, tmp_path):
    bring(visit(transcript(audio="a.wav")))
    first = Document.objects.get().audio
    assert store.kept() == {first: b"RIFF invented"}
    path = store.folder / store.bucket / first
    before = path.stat().st_mtime_ns
    bring(visit(transcript(audio="a.wav")))
    assert path.stat().st_mtime_ns == before
    recordings.storage().save(first, ContentFile(b"RIFF"))
    bring(visit(transcript(audio="a.wav")))
    assert store.kept() == {first: b"RIFF invented"}
    (tmp_path / "a.wav").write_bytes(b"RIFF another")
    bring(visit(transcript(audio="a.wav", **NEWER)))
    assert store.kept() == {Document.objects.get().audio: b"RIFF another"}
    bring(visit(transcript(updated_at="2099-02-01T00:00:00Z")))
    assert (store.kept(), Document.objects.get().audio) == ({}, None)


@contextmanager
def listening():
    """Yield a port that takes connections and never answers, and a function that counts them."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.setblocking(False)

        def taken():
            number = 0
            try:
                while True:
                    server.accept()[0].close()
                    number += 1
            except BlockingIOError:
                return number

        yield server.getsockname()[1], taken


def closed_port():
    with socket.create_server(("127.0.0.1", 0)) as server:
        return server.getsockname()[1]


OTHERS = {
    "InvalidAccessKeyId": {"access_key": "ANOTHERACCESSKEY"},
    "SignatureDoesNotMatch": {"secret_key": "another/secret"},
    "NoSuchBucket": {"bucket": "elsewhere"},
}


@pytest.mark.parametrize("code", OTHERS)
def test_a_refusal_of_the_store_stops_an_import_and_is_told_by_the_check(store, use, bring, code, caplog):
    use(**store.settings | OTHERS[code])
    with pytest.raises(CommandError, match="storage for recordings failed") as failed:
        bring(visit(transcript(audio="a.wav")))
    use(**store.settings | OTHERS[code])  # without the connections of the import, as another process
    (told,) = bucket_can_be_used(None)
    assert (told.id, code in told.msg) == ("encounters.W008", True)
    assert (Document.objects.count(), store.kept()) == (0, {})
    said = f"{failed.value} {told} {caplog.text}"
    assert not [value for value in (*bucket.KEYS.values(), *OTHERS[code].values()) if value in said]


def test_a_deletion_that_the_store_refuses_is_no_deletion(store, use):
    recordings.storage().save("org_x/a.wav", ContentFile(b"RIFF"))
    storage = use(**store.settings | OTHERS["NoSuchBucket"])
    with pytest.raises(storage.client.exceptions.NoSuchBucket):
        storage.delete("org_x/a.wav")


def test_a_store_that_refuses_to_say_whether_there_is_a_recording_is_a_fault(store, use):
    storage = use(**store.settings | OTHERS["SignatureDoesNotMatch"])
    with pytest.raises(storage.client.exceptions.ClientError, match="403"):
        storage.exists("org_x/a.wav")


def test_a_store_out_of_reach_stops_an_import_and_is_told_by_the_check(use, store, bring):
    use(**store.settings | {"endpoint": f"http://127.0.0.1:{closed_port()}"})
    with pytest.raises(CommandError, match="EndpointConnectionError"):
        bring(visit(transcript(audio="a.wav")))
    (told,) = bucket_can_be_used(None)
    assert "EndpointConnectionError" in told.msg


def test_a_silent_store_stops_an_import_in_time(use, store, bring, monkeypatch):
    usual = s3.BucketStorage
    assert (usual.connect_seconds + usual.read_seconds) * usual.attempts < 60
    monkeypatch.setattr(usual, "read_seconds", 0.1)
    with listening() as (port, taken):
        use(**store.settings | {"endpoint": f"http://127.0.0.1:{port}"})
        with pytest.raises(CommandError, match="ReadTimeoutError"):
            bring(visit(transcript(audio="a.wav")))
        assert taken() == usual.attempts


def test_a_call_asks_the_store_nothing(use, store, organization, api):
    document = DocumentFactory(encounter__organization=organization, audio="org_x/invented.wav")
    with listening() as (port, taken):
        use(**store.settings | {"endpoint": f"http://127.0.0.1:{port}"})
        answer = api.get(f"{LIST}/{document.encounter}/documents/{document}/audio")
        assert (answer.status_code, taken()) == (200, 0)
    assert answer.json()["audio_url"].startswith(f"http://127.0.0.1:{port}/recordings/org_x/invented.wav?")


def test_a_restricted_recording_gets_no_new_link(store, organization, api):
    document = DocumentFactory(encounter__organization=organization, audio="org_x/invented.wav")
    restrict(document)
    answer = api.refusal(f"{LIST}/{document.encounter}/documents/{document}/audio")
    assert answer == (404, "document_not_found", None)


def test_a_link_to_a_local_recording_works_no_more(use, store, client, db):
    local = recordings.LocalStorage().url(DocumentFactory(audio="org_x/invented.wav").audio, expire=60)
    with listening() as (port, taken):
        use(**store.settings | {"endpoint": f"http://127.0.0.1:{port}"})
        answer = client.get(local)
        assert (answer.status_code, taken()) == (403, 0)


def test_a_bucket_that_can_be_used_has_no_fault(store):
    assert (recordings_can_be_linked(None), bucket_can_be_used(None)) == ([], [])
    recordings.storage().save(s3.UNKNOWN, ContentFile(b""))
    assert bucket_can_be_used(None) == []
