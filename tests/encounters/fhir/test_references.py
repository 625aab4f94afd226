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
        ("URN:UUID:018F428E-34F6", None, "018F428E-34F6"),
    ],
)
def test_a_literal_reference_names_a_type_and_an_id(text, resource_type, source_id):
    found = references.parse({"reference": text})
    assert (found.text, found.type, found.id, found.identifier) == (text, resource_type, source_id, None)


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
def test_a_reference_that_we_can_not_resolve_has_neither_id_nor_identifier(text):
    found = references.parse_text(text)
    assert (found.id, found.identifier) == (None, None)


@pytest.mark.parametrize(
    "element", [None, "Patient/1", {}, {"display": "x"}, {"identifier": {"value": "7"}}, {"reference": 1}, [], 7]
)
def test_an_element_without_a_reference_gives_none(element):
    assert references.parse(element) is None


SERVER = references.parse_text("https://example.org/fhir/Patient/1").server


@pytest.mark.parametrize(
    ("text", "is_the_same"),
    [
        ("https://example.org/fhir/Encounter/2/_history/3", True),
        ("http://EXAMPLE.org/fhir/Patient/1", True),
        ("https://user:password@example.org/fhir//Patient/1", True),
        ("https://example.org/fhir/Patient?identifier=s|1", None),
        ("https://example.org/Patient/1", False),
        ("https://example.org:8443/fhir/Patient/1", False),
        ("https://other.example.org/fhir/Patient/1", False),
        ("https://[broken/fhir/Patient/1", False),
        ("file:///fhir/Patient/1", None),
        ("/Patient/1", None),
        ("Patient/1", None),
        ("urn:uuid:1", None),
    ],
)
def test_the_server_of_an_absolute_reference_is_its_base_url_for_any_protocol(text, is_the_same):
    server = references.parse_text(text).server
    assert (None if server is None else server == SERVER) is is_the_same


@pytest.mark.parametrize(
    ("text", "full_url", "is_the_same"),
    [
        ("Patient/1", "https://example.org/fhir/Patient/1", True),
        ("Patient/1/_history/2", "http://example.org/fhir/Patient/1", True),
        ("https://example.org/fhir/Patient/1", "https://example.org/fhir/Patient/1/_history/2", True),
        ("https://other.example.org/fhir/Patient/1", "https://example.org/fhir/Patient/1", False),
        ("Patient/1", "https://other.example.org/fhir/Patient/1", False),
        ("Group/1", "https://example.org/fhir/Patient/1", False),
        ("urn:uuid:A-1", "URN:uuid:a-1", True),
        ("urn:oid:1.2", "urn:oid:1.2", True),
        ("urn:uuid:a_1", "urn:uuid:a_1", True),
    ],
)
def test_a_reference_means_the_entry_of_a_full_url_as_seen_from_its_own_server(text, full_url, is_the_same):
    entry = references.parse_text(full_url).entry(None)
    assert (references.parse_text(text).entry(SERVER) == entry) is is_the_same
