"""The published document, against the contract's tables as they are stated here anew."""

import pytest
from django.test import Client
from drf_spectacular.drainage import GENERATOR_STATS

from chartero import openapi
from chartero.openapi import generator, publication
from tests import published

PREFIX = "/external/v1/encounters"
ONE_DOCUMENT = f"{PREFIX}/{{encounter_id}}/documents/{{document_id}}"
ROUTES = {
    "encounters.list": (PREFIX, "encounters:read patients:read documents:read"),
    "encounters.detail": (f"{PREFIX}/{{encounter_id}}", "encounters:read patients:read documents:read"),
    "documents.detail": (ONE_DOCUMENT, "encounters:read documents:read"),
    "documents.transcript": (f"{ONE_DOCUMENT}/transcript", "encounters:read documents:read"),
    "documents.audio": (f"{ONE_DOCUMENT}/audio", "encounters:read documents:read recordings:read"),
}
NULLABLE = {
    "Encounter": {"date_of_service", "patient"},
    "Patient": {"first_name", "last_name", "date_of_birth"},
    "DocumentSummary": {"title", "status", "workflow_variant", "audio_duration_seconds"},
    "Error": {"field"},
}


@pytest.fixture
def document():
    return openapi.document()


def test_every_route_and_no_other(document):
    assert list(document["paths"]) == [path for path, _ in ROUTES.values()]
    assert {tuple(item) for item in document["paths"].values()} == {("get", "head")}


@pytest.mark.parametrize(("name", "path", "scopes"), [(name, *rest) for name, rest in ROUTES.items()])
def test_a_route_requires_its_scopes_of_a_bearer_token(document, name, path, scopes):
    operation = document["paths"][path]["get"]
    assert (operation["operationId"], operation["security"]) == (name, [{"api_key": scopes.split()}])
    assert all(f"`{scope}`" in operation["description"] for scope in scopes.split())


def test_bearer_is_the_one_way_in(document):
    (scheme,) = document["components"]["securitySchemes"].values()
    assert (scheme["type"], scheme["scheme"]) == ("http", "bearer")
    assert "recordings:read" in scheme["description"]


def nullable(schema):
    return "null" in schema.get("type", []) or {"type": "null"} in schema.get("oneOf", [])


@pytest.mark.parametrize(("name", "keys"), NULLABLE.items())
def test_null_is_allowed_where_the_contract_says_so_and_every_key_is_there(document, name, keys):
    schema = document["components"]["schemas"][name]
    assert {key for key, each in schema["properties"].items() if nullable(each)} == keys
    assert set(schema["required"]) == set(schema["properties"])


def test_what_is_one_of_several_words(document):
    schemas = document["components"]["schemas"]
    assert schemas["EncounterType"]["enum"] == ["ambient", "clinical_documentation"]
    assert schemas["EncounterStatus"]["enum"] == ["planned", "in_progress", "completed", "cancelled", "unknown"]
    assert schemas["DocumentStatus"]["enum"] == ["draft", "completed", "amended", "superseded"]
    assert "enum" not in schemas["DocumentSummary"]["properties"]["schema_type"]


def test_a_document_is_told_apart_by_its_type(document):
    schemas = document["components"]["schemas"]
    told = {name: schemas[name]["properties"]["schema_type"] for name in ("Note", "AmbientTranscript")}
    assert {name: schema["const"] for name, schema in told.items()} == {
        "Note": "document",
        "AmbientTranscript": "ambient_transcript",
    }
    assert "content" not in schemas["AmbientTranscript"]["properties"]


@pytest.mark.parametrize("path", [path for path, _ in ROUTES.values()])
def test_the_example_of_a_route_is_what_its_schema_says(document, path):
    content = document["paths"][path]["get"]["responses"]["200"]["content"]["application/json"]
    assert published.validator(published.closed(content["schema"])).is_valid(content["example"])


def test_head_is_get_without_bodies(document):
    for item in document["paths"].values():
        assert item["head"]["operationId"] == f"{item['get']['operationId']}.head"
        assert item["head"]["parameters"] == item["get"]["parameters"]
        for status, answer in item["get"]["responses"].items():
            head = item["head"]["responses"][status]
            assert ("content" in head, head["headers"]) == (False, answer["headers"])


@pytest.mark.parametrize(
    "words",
    ["one\nsnapshot", "`encounter_id`, by code point", "`%2F`", "`OPTIONS` too", "no CORS", "does not bring back"],
)
def test_what_an_engineer_has_to_know(document, words):
    texts = [document["info"]["description"], *(item["get"]["description"] for item in document["paths"].values())]
    assert any(words in text for text in texts)


def test_every_code_is_told_in_the_order_of_the_checks(document):
    text = document["info"]["description"]
    codes = document["components"]["schemas"]["Error"]["properties"]["reason_code"]["enum"]
    assert len(codes) == 31
    assert all(f"`{code}`" in text for code in codes)
    assert text.index("1. Who calls?") < text.index("2. May they call") < text.index("4. May they read this encounter")


@pytest.mark.parametrize(("base_url", "url"), [("", "/"), ("https://api.example/", "https://api.example")])
def test_the_server_is_this_deployment(settings, base_url, url):
    settings.BASE_URL = base_url
    assert openapi.document()["servers"] == [{"url": url}]


def test_the_generator_had_nothing_to_guess(capfd):
    generator.RouteGenerator().get_schema(public=True)
    assert not GENERATOR_STATS
    assert capfd.readouterr() == ("", "")


def test_it_is_made_once():
    assert openapi.document()["paths"] is openapi.document()["paths"]


def test_no_call_of_the_api_makes_it(api, monkeypatch):
    monkeypatch.setattr(Client, "request", Client.request.__wrapped__)  # without the check of every answer
    monkeypatch.setattr(publication, "_contract", lambda: pytest.fail("made in the path of a request"))
    assert api.get().status_code == 200
