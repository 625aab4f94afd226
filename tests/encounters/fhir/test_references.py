import pytest

from encounters.fhir import references
from encounters.fhir.references import Reference


@pytest.mark.parametrize(
    ("text", "resource_type", "source_id"),
    [
        ("Patient/1", "Patient", "1"),
        ("Patient/1/_history/7", "Patient", "1"),
        ("https://example.org/fhir/Patient/a-b.C", "Patient", "a-b.C"),
        ("https://example.org/fhir/Patient/1/_history/2", "Patient", "1"),
        ("/Patient/1", "Patient", "1"),
        ("urn:uuid:018f428e-34f6", None, "018f428e-34f6"),
    ],
)
def test_a_literal_reference_names_a_type_and_an_id(text, resource_type, source_id):
    assert references.parse({"reference": text}) == Reference(text, resource_type, source_id)


@pytest.mark.parametrize(
    ("text", "identifier"),
    [
        ("Patient?identifier=http://example.org|7", "http://example.org|7"),
        ("Patient?identifier=http%3A%2F%2Fexample.org%7C7", "http://example.org|7"),
        ("https://example.org/fhir/Patient?identifier=s|7", "s|7"),
        ("Patient?identifier=7", None),
        ("Patient?identifier=|7", None),
        ("Patient?identifier=s|", None),
    ],
)
def test_a_conditional_reference_names_an_identifier_with_its_system(text, identifier):
    assert references.parse_text(text) == Reference(text, "Patient", identifier=identifier)


@pytest.mark.parametrize(
    "text",
    [
        *("#contained", "Patient", "Patient/", "Patient/a b", "patient/1", "Patient/1/2", "urn:oid:1.2", "urn:uuid:"),
        *("Patient/1?x=y", "Patient/1#x", "Patient?identifier=", "Patient?name=x", "Patient?identifier=s|7&name=x"),
        *("Patient/" + "x" * 65, "Patient/1\n", "Patient/é"),
    ],
)
def test_what_names_nothing_of_ours_has_neither_id_nor_identifier(text):
    found = references.parse_text(text)
    assert (found.id, found.identifier) == (None, None)


@pytest.mark.parametrize(
    "element", [None, "Patient/1", {}, {"display": "x"}, {"identifier": {"value": "7"}}, {"reference": 1}, [], 7]
)
def test_an_element_without_a_reference_is_none(element):
    assert references.parse(element) is None
