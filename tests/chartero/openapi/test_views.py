"""`/openapi/v1/openapi.json`: for anybody, and the same for everybody."""

import json

from chartero import openapi
from chartero.openapi import publication

URL = "/openapi/v1/openapi.json"


def test_it_is_served_without_a_key(client):
    answer = client.get(URL)
    assert (answer.status_code, answer["Content-Type"]) == (200, "application/json")
    assert answer.json() == openapi.document("http://testserver")
    assert answer.content == openapi.text("http://testserver")


def test_it_may_be_kept_for_five_minutes_and_asked_for_again(client):
    answer = client.get(URL)
    assert answer["Cache-Control"] == "public, max-age=300"
    assert client.get(URL, HTTP_IF_NONE_MATCH=answer["ETag"]).status_code == 304
    assert client.get(URL, HTTP_IF_NONE_MATCH='"another"').status_code == 200


def test_another_server_is_another_version(client, settings):
    first = client.get(URL)["ETag"]
    settings.BASE_URL = "https://api.example"
    assert client.get(URL)["ETag"] != first


def test_without_a_stated_address_its_server_is_where_it_was_asked(client, settings):
    settings.BASE_URL = ""
    assert client.get(URL, SERVER_NAME="127.0.0.1").json()["servers"] == [{"url": "http://127.0.0.1"}]
    assert client.get(URL, secure=True).json()["servers"] == [{"url": "https://testserver"}]


def test_its_text_is_made_once_for_the_stated_address_whatever_host_it_is_asked_from(client, settings, monkeypatch):
    settings.BASE_URL = "https://api.example"
    first = client.get(URL)
    monkeypatch.setattr(publication, "orjson", None)
    again = client.get(URL, SERVER_NAME="127.0.0.1")
    assert (again.content, again["ETag"]) == (first.content, first["ETag"])
    assert again.json()["servers"] == [{"url": "https://api.example"}]


def test_no_session_is_looked_at(client, admin_client):
    answer = admin_client.get(URL)
    assert not answer.cookies
    assert "Vary" not in answer
    assert answer.content == client.get(URL).content


def test_head_and_no_other_method(client):
    head = client.head(URL)
    assert (head.status_code, head.content, head["Content-Length"]) == (200, b"", str(len(client.get(URL).content)))
    assert [client.post(URL).status_code, client.options(URL).status_code] == [405, 405]


def test_it_is_json_that_a_person_can_read():
    lines = openapi.text().decode().splitlines(keepends=True)
    assert lines[:2] == ["{\n", '  "openapi": "3.1.0",\n']
    assert lines[-1] == "}\n"
    assert [*json.loads(openapi.text())] == [
        "openapi",
        "info",
        "servers",
        "tags",
        "paths",
        "webhooks",
        "components",
        "externalDocs",
    ]
