"""A local recording, fetched from its signed URL."""

from datetime import timedelta
from pathlib import Path

import pytest
from django.core import signing
from django.core.files.base import ContentFile
from django.test import Client
from django.urls import reverse

from encounters.models import Document, Encounter
from encounters.recordings import storage as recordings
from encounters.recordings.views import BLOCK
from tests.encounters.support.restricted import restrict
from tests.factories import CHANGE, START, DocumentFactory

CONTENT = bytes(range(256)) * 512  # two blocks


@pytest.fixture
def document(db) -> Document:
    return DocumentFactory(audio="org_x/invented.wav")


@pytest.fixture
def url(recordings_folder, document) -> str:
    return recordings.storage().url(recordings.storage().save(document.audio, ContentFile(CONTENT)), expire=60)


def body(response) -> bytes:
    return b"".join(response.streaming_content)


def test_a_recording_is_sent_whole(client, url):
    response = client.get(url)
    assert (response.status_code, response["Content-Type"], body(response)) == (200, "audio/wav", CONTENT)
    assert (response["Content-Length"], response["Accept-Ranges"]) == (str(len(CONTENT)), "bytes")
    assert (response["Cache-Control"], response["X-Content-Type-Options"]) == ("no-store", "nosniff")
    assert not response.cookies


@pytest.mark.parametrize(
    ("header", "first", "end"),
    [
        ("bytes=0-9", 0, 10),
        (f"bytes={BLOCK - 1}-{BLOCK}", BLOCK - 1, BLOCK + 1),
        ("bytes=-5", len(CONTENT) - 5, len(CONTENT)),
    ],
)
def test_a_range_is_sent_alone(client, url, header, first, end):
    response = client.get(url, headers={"Range": header})
    assert (response.status_code, body(response)) == (206, CONTENT[first:end])
    assert response["Content-Range"] == f"bytes {first}-{end - 1}/{len(CONTENT)}"
    assert response["Content-Length"] == str(end - first)


@pytest.mark.parametrize("headers", [{"Range": "bytes=0-1,3-4"}, {"Range": "bytes=0-9", "If-Range": '"x"'}])
def test_other_ranges_and_conditional_ones_get_the_whole_file(client, url, headers):
    response = client.get(url, headers=headers)
    assert (response.status_code, body(response)) == (200, CONTENT)
    assert "Content-Range" not in response


def test_a_range_past_the_end_is_refused(client, url):
    response = client.get(url, headers={"Range": f"bytes={len(CONTENT)}-"})
    assert (response.status_code, response["Content-Range"]) == (416, f"bytes */{len(CONTENT)}")


def test_head_is_get_without_a_body(client, url):
    response = client.head(url)
    assert (response.status_code, response["Content-Length"], body(response)) == (200, str(len(CONTENT)), b"")


@pytest.mark.parametrize("method", ["post", "put", "delete", "options"])
def test_other_methods_are_refused(url, method):
    assert getattr(Client(), method)(url).status_code == 405


def test_it_needs_no_session_and_no_key(url):
    response = Client(enforce_csrf_checks=True).get(url, headers={"Cookie": "sessionid=x", "Authorization": "Bearer x"})
    assert (response.status_code, body(response)) == (200, CONTENT)


@pytest.mark.parametrize(("seconds", "status"), [(59.999, 200), (60, 403)])
def test_a_link_expires_at_the_exact_second(client, url, monkeypatch, seconds, status):
    monkeypatch.setattr(recordings.timezone, "now", lambda: START)
    link = recordings.storage().url("org_x/invented.wav", expire=60)
    monkeypatch.setattr(recordings.timezone, "now", lambda: START + timedelta(seconds=seconds))
    response = client.get(link)
    assert (response.status_code, b"".join(response) == CONTENT) == (status, status == 200)


def test_a_link_that_does_not_work_says_what_to_do(client):
    response = client.get("/media/audio/x")
    assert (response.status_code, response["Cache-Control"]) == (403, "no-store")
    assert response.content == b"This link is not valid or has expired. Request a new one.\n"


def signed(value, salt=recordings.SALT) -> str:
    return signing.Signer(salt=salt).sign_object(value)


FUTURE = 9_999_999_999


@pytest.mark.parametrize("text", ["x", "a:b", signed(["org_x/invented.wav", FUTURE], salt="other"), "%00", "é"])
def test_a_path_with_another_signature_is_refused(client, url, text):
    assert client.get(reverse("recording", args=[text])).status_code == 403


def test_a_changed_link_is_refused(client, url):
    path, _, signature = url.rpartition(":")
    other = signed(["org_x/other.wav", FUTURE]).rpartition(":")[0]
    assert client.get(f"/media/audio/{other}:{signature}").status_code == 403
    assert client.get(f"{path}:{signature[:-1]}").status_code == 403


def test_a_deleted_recording_is_not_found(client, url, recordings_folder):
    (recordings_folder / "org_x" / "invented.wav").unlink()
    assert client.get(url).status_code == 404


@pytest.mark.parametrize(
    "subject",
    [lambda document: document, lambda document: document.encounter, lambda document: document.encounter.patient],
)
def test_a_link_from_before_a_restriction_works_only_after_it(client, url, document, subject):
    restriction = restrict(subject(document))
    response = client.get(url)
    assert (response.status_code, response.content) == (404, b"This recording no longer exists.\n")
    restriction.lift(CHANGE)
    assert body(client.get(url)) == CONTENT


@pytest.mark.parametrize(
    ("model", "values"),
    [(Document, {"withdrawn_at": START}), (Encounter, {"withdrawn_at": START}), (Encounter, {"record_class": "demo"})],
)
def test_a_link_to_what_is_not_served_any_more_does_not_work(client, url, model, values):
    model.objects.update(**values)
    assert client.get(url).status_code == 404


@pytest.mark.parametrize("name", ["../outside.wav", "/etc/passwd", "org_x/../../outside.wav"])
def test_even_a_signed_name_stays_in_the_folder(url, recordings_folder, name):
    (recordings_folder.parent / "outside.wav").write_bytes(b"x")
    DocumentFactory(audio=name)
    response = Client(raise_request_exception=False).get(reverse("recording", args=[signed([name, FUTURE])]))
    assert response.status_code == 400


def test_a_name_of_no_known_kind_is_sent_as_bytes(db, client, recordings_folder):
    storage = recordings.storage()
    DocumentFactory(audio="x.html")
    response = client.get(storage.url(storage.save("x.html", ContentFile(b"<b>")), expire=60))
    assert (response["Content-Type"], body(response)) == ("application/octet-stream", b"<b>")


def test_the_file_is_closed_though_nothing_was_read(db, client, url):
    client.get(url).close()
    assert not [each for each in Path("/proc/self/fd").iterdir() if each.resolve().name == "invented.wav"]
