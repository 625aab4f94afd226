"""The published document, against a second copy of the contract's tables."""

import pytest
from django.test import Client
from drf_spectacular.drainage import GENERATOR_STATS

from chartero import openapi
from chartero.openapi import generator, publication
from partners.catalogue.reasons import Reason
from tests import published

PREFIX = "/external/v1/encounters"
ONE_DOCUMENT = f"{PREFIX}/{{encounter_id}}/documents/{{document_id}}"
ROUTES = {
    "encounters.list": (PREFIX, "encounters:read patients:read documents:read"),
    "encounters.detail": (f"{PREFIX}/{{encounter_id}}", "encounters:read patients:read documents:read"),
    "documents.detail": (ONE_DOCUMENT, "encounters:read documents:read"),
    "documents.transcript": (f"{ONE_DOCUMENT}/transcript", "encounters:read documents:read"),
    "documents.audio": (f"{ONE_DOCUMENT}/audio", "encounters:read documents:read recordings:read"),
    "changes.list": ("/external/v1/changes", "encounters:read patients:read documents:read"),
    "key.read": ("/external/v1/key", ""),
}
NULLABLE = {
    "Encounter": {"date_of_service", "patient"},
    "Patient": {"first_name", "last_name", "date_of_birth"},
    "DocumentSummary": {"title", "status", "workflow_variant", "audio_duration_seconds"},
    "ErrorAnswer": {"field"},
    "Key": {"organization_id", "expires_at", "rotated_at"},
    "RouteAccess": {"reason_code"},
}


@pytest.fixture
def document():
    return openapi.document()


def test_every_route_and_no_other(document):
    assert list(document["paths"]) == [path for path, _ in ROUTES.values()]
    assert {tuple(item) for item in document["paths"].values()} == {("get",)}


@pytest.mark.parametrize(("name", "path", "scopes"), [(name, *rest) for name, rest in ROUTES.items()])
def test_a_route_requires_its_scopes_of_a_bearer_token(document, name, path, scopes):
    operation = document["paths"][path]["get"]
    assert (operation["operationId"], operation["security"]) == (
        name.replace(".", "_"),
        [{"api_key": scopes.split()}],
    )
    assert f"`{name}`" in operation["description"]
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


def test_one_of_several_words_is_an_enum(document):
    schemas = document["components"]["schemas"]
    assert schemas["EncounterType"]["enum"] == ["ambient", "clinical_documentation"]
    assert schemas["EncounterStatus"]["enum"] == ["planned", "in_progress", "completed", "cancelled", "unknown"]
    assert schemas["DocumentStatus"]["enum"] == ["draft", "completed", "amended", "superseded"]
    assert "enum" not in schemas["DocumentSummary"]["properties"]["schema_type"]


def test_the_type_of_a_document_is_the_discriminator(document):
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


@pytest.mark.parametrize(
    "words",
    [
        "the same snapshot",
        "`encounter_id` (by code point)",
        "`%2F`",
        "including `OPTIONS`",
        "no CORS",
        "does not show encounters that\nhave changed",
        "`HEAD` is answered like `GET`",
    ],
)
def test_what_an_engineer_has_to_know(document, words):
    texts = [document["info"]["description"], *(item["get"]["description"] for item in document["paths"].values())]
    assert any(words in text for text in texts)


def test_every_code_is_listed_in_the_order_of_the_checks(document):
    text = document["info"]["description"]
    codes = document["components"]["schemas"]["ErrorAnswer"]["properties"]["reason_code"]["x-extensible-enum"]
    assert codes == [reason.code for reason in Reason]
    assert all(f"`{code}`" in text for code in codes)
    assert (
        text.index("1. Who is calling?")
        < text.index("2. Can they call")
        < text.index("3. Have they called too often?")
        < text.index("5. Can they read this encounter")
    )


def test_the_server_is_this_deployment(settings):
    settings.BASE_URL = "https://api.example/"
    assert openapi.document()["servers"] == [{"url": "https://api.example"}]
    assert openapi.document()["externalDocs"]["url"] == "https://api.example/docs/"


def test_a_document_of_no_deployment_names_a_host_that_is_an_example(settings):
    settings.BASE_URL = ""
    (server,) = openapi.document()["servers"]
    assert (server["url"], "An example" in server["description"]) == ("https://chartero.example", True)


def test_its_licence_is_named_and_its_contact_where_one_is_set(settings):
    assert openapi.document()["info"]["license"] == {"name": "MIT", "identifier": "MIT"}
    assert "contact" not in openapi.document()["info"]
    settings.CONTACT_EMAIL = "api@example.com"
    assert openapi.document()["info"]["contact"] == {"email": "api@example.com"}
    assert b'"email": "api@example.com"' in openapi.text()


def places(part, path=()):
    """Yield every object of the document with its path."""
    if isinstance(part, dict):
        yield path, part
    for key, each in part.items() if isinstance(part, dict) else enumerate(part) if isinstance(part, list) else ():
        yield from places(each, (*path, key))


def test_nothing_is_beside_a_reference(document):
    assert [path for path, part in places(document) if "$ref" in part and len(part) > 1] == []


def test_names_are_names_of_code_and_hide_no_global(document):
    ids = [item["get"]["operationId"] for item in document["paths"].values()]
    names = [*document["components"]["schemas"], *ids]
    assert all(name.isidentifier() for name in names)
    assert not {"Error", "Document", "Date", "Object", "Map", "Set", "Request", "Response"} & set(names)


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
