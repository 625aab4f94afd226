"""What pages accept: only forms of limited size, and a file on one page. Else a plain page, and no ERROR in the log."""

import io
import logging

import pytest
from django.core.files import uploadhandler
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from chartero import logs
from chartero.paths import LONGEST_BODY, LONGEST_FILE, TAKES_FILE

pytestmark = pytest.mark.django_db
PAGES = ["/admin/login/", "/admin/", "/signin/code/", "/admin/partners/apikey/"]
FORM, MULTIPART = "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"
BODIES = {
    "another charset": (b"a=b", f"{FORM}; charset=iso-8859-1", 415),
    "many fields": (b"&".join(b"a%d=1" % number for number in range(1100)), FORM, 400),
    "a big form": (b"a=" + b"1" * 3_000_000, FORM, 413),
    "a big form of parts": (b"--x\r\n" + b"1" * 3_000_000, MULTIPART, 413),
    "parts that are none": (b"garbage", "multipart/form-data", 400),
}


@pytest.fixture
def stranger():
    """Somebody who is not signed in, has a CSRF cookie, and gets what an exception becomes."""
    client = Client(enforce_csrf_checks=True, raise_request_exception=False)
    client.get("/admin/login/")
    return client


@pytest.fixture
def written(monkeypatch):
    """What the log writes from here on."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.addFilter(logs.CallersFaults())
    handler.setFormatter(logs.JsonLine())
    logging.getLogger().addHandler(handler)
    yield lambda: stream.getvalue().splitlines()
    logging.getLogger().removeHandler(handler)


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize(("body", "kind", "status"), BODIES.values(), ids=BODIES)
def test_anything_but_a_form_of_ours_gets_a_plain_page(stranger, written, page, body, kind, status):
    answer = stranger.post(page, body, content_type=kind)
    assert answer.status_code == status
    assert "We couldn't understand this request" in answer.text
    assert [line for line in written() if '"error"' in line or '"where"' in line] == []
    assert len(written()) <= 1


@pytest.mark.parametrize("page", PAGES)
def test_a_file_is_refused_before_any_of_it_is_kept(stranger, monkeypatch, page):
    def fail(*arguments, **values):
        raise AssertionError("a file is kept")

    for handler in (uploadhandler.TemporaryFileUploadHandler, uploadhandler.MemoryFileUploadHandler):
        monkeypatch.setattr(handler, "new_file", fail)
    answer = stranger.post(page, {"file": SimpleUploadedFile("x.bin", b"x" * 100_000)})
    assert answer.status_code == 400
    assert "We couldn't understand this request" in answer.text


@pytest.mark.parametrize(("size", "status"), [(0, 200), (LONGEST_FILE, 200), (LONGEST_FILE + LONGEST_BODY, 413)])
def test_one_page_takes_a_file_and_keeps_it_in_memory(admin_client, monkeypatch, size, status):
    monkeypatch.setattr(uploadhandler.TemporaryFileUploadHandler, "new_file", None)
    file = SimpleUploadedFile("x.log", b"x" * size)
    assert admin_client.post(TAKES_FILE, {"text": "a text", "file": file}).status_code == status


def test_a_text_on_that_page_is_no_longer_than_on_others(admin_client):
    assert admin_client.post(TAKES_FILE, {"text": "x" * LONGEST_BODY}).status_code == 413


def test_parts_without_a_file_are_a_form(client):
    assert "<title>Error: " in client.post("/admin/login/", {"username": "nobody", "password": "x"}).text


@pytest.mark.parametrize("key", ['"\\000aaaaaaaaa"', "a" * 31, "a" * 33, "A" * 32, "x", "a" * 5000])
def test_a_cookie_that_is_not_a_session_key_is_ignored(client, key):
    with CaptureQueriesContext(connection) as asked:
        answer = client.get("/admin/", HTTP_COOKIE=f"sessionid={key}")
    assert answer.status_code == 302
    assert not any("django_session" in query["sql"] for query in asked)


def test_a_bad_host_is_one_line_of_warning(client, written):
    assert client.get("/admin/", HTTP_HOST="elsewhere.example").status_code == 400
    (line,) = written()
    assert '"level": "warning"' in line
    assert '"exception": "DisallowedHost"' in line
    assert '"where"' not in line
