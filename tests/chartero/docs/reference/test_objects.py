"""The reference has every object of the OpenAPI document, with every key, its type and its meaning."""

import pytest

from chartero import openapi
from chartero.docs.pages import Page
from chartero.docs.reference import objects
from chartero.docs.reference.objects import Type
from tests.chartero.docs.markup import Rows

SCHEMAS = {name: each for name, each in openapi.document()["components"]["schemas"].items() if "properties" in each}


@pytest.fixture(scope="module")
def page():
    from django.test import Client

    return Client().get(Page.REFERENCE.url).text


@pytest.mark.parametrize("name", SCHEMAS)
def test_an_object_has_its_keys_and_no_other(page, name):
    section = page.partition(f'<h3 id="object-{name}">')[2].partition("</section>")[0]
    rows = Rows(section).rows[1:]
    assert [row[0] for row in rows] == list(SCHEMAS[name]["properties"])
    assert all(type_ and meaning for _, type_, meaning in rows)


def test_every_object_is_there_once_and_no_other():
    assert [each.name for each in objects.every()] == list(SCHEMAS)


@pytest.mark.parametrize(
    ("schema", "expected"),
    [
        ({"type": "string"}, Type("string")),
        ({"type": "boolean"}, Type("boolean")),
        ({"type": ["string", "null"]}, Type("string", after=" or null")),
        ({"type": "string", "format": "date-time"}, Type("date-time")),
        ({"type": ["number", "null"], "format": "double"}, Type("number", after=" or null")),
        ({"type": "string", "const": "document"}, Type("string", values=("document",))),
        ({"type": "array", "items": {"type": "string"}}, Type("list of strings")),
        ({"$ref": "#/components/schemas/Patient"}, Type(objects=("Patient",))),
        (
            {"oneOf": [{"$ref": "#/components/schemas/Patient"}, {"type": "null"}]},
            Type(objects=("Patient",), after=" or null"),
        ),
        ({"type": "array", "items": {"$ref": "#/components/schemas/Turn"}}, Type("list of ", objects=("Turn",))),
        (
            {"$ref": "#/components/schemas/EncounterType"},
            Type("string", values=("ambient", "clinical_documentation")),
        ),
        ({"$ref": "#/components/schemas/EncounterDocument"}, Type(objects=("Note", "AmbientTranscript"))),
    ],
)
def test_a_type_is_told_in_words(schema, expected):
    assert objects.type_of(schema) == expected


def test_types_link_the_objects_that_they_are(page):
    assert '<td data-label="Type">list of <a href="#object-Encounter">Encounter</a></td>' in page
    assert (
        '<td data-label="Type"><a href="#object-Note">Note</a> or '
        '<a href="#object-AmbientTranscript">AmbientTranscript</a></td>'
    ) in page


def test_values_are_shown_with_the_key_that_has_them(page):
    section = page.partition('<h3 id="object-Encounter">')[2].partition("</section>")[0]
    assert "planned , in_progress" in " ".join(Rows(section).rows[4][2].split()).replace(",", " ,")
