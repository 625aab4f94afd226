from contextlib import closing

import pytest

from encounters.fhir.index import Index, Target
from encounters.fhir.references import parse_text

PATIENT = Target("Patient", "p1")


@pytest.fixture
def index():
    with closing(Index()) as index:
        yield index


def test_a_full_url_is_known_within_its_bundle_alone(index):
    index.add_url("a", "urn:uuid:1", PATIENT)
    assert index.target(parse_text("urn:uuid:1"), "a") == PATIENT
    assert index.target(parse_text("urn:uuid:1"), "b") == Target(None, "1")
    assert index.target(parse_text("urn:uuid:1"), "") == Target(None, "1")


def test_the_last_of_two_equal_full_urls_holds(index):
    index.add_url("a", "urn:uuid:1", Target("Group", "g"))
    index.add_url("a", "urn:uuid:1", PATIENT)
    assert index.target(parse_text("urn:uuid:1"), "a") == PATIENT


def test_an_identifier_means_a_resource_only_if_it_is_exactly_one_of_its_type(index):
    reference = parse_text("Patient?identifier=s|1")
    assert index.target(reference, "") is None
    index.add_identifiers(PATIENT, ["s|1", "s|1", "t|1"])
    index.add_identifiers(Target("Encounter", "e1"), ["s|1"])
    assert index.target(reference, "") == PATIENT
    index.add_identifiers(Target("Patient", "p2"), ["s|1"])
    assert index.target(reference, "") is None


@pytest.mark.parametrize("text", ["#x", "urn:oid:1", "Patient?identifier=1"])
def test_what_names_nothing_has_no_target(index, text):
    assert index.target(parse_text(text), "a") is None


def test_an_organization_is_known_by_name(index):
    index.add_organization("o1", "Invented Clinic")
    assert index.organization_name(parse_text("Organization/o1"), "") == "Invented Clinic"
    assert index.organization_name(parse_text("Organization/o2"), "") is None
    assert index.organization_name(parse_text("#o1"), "") is None


def test_replaced_documents_are_remembered_once(index):
    index.add_replaced(["d1", "d2"])
    index.add_replaced(["d1"])
    assert sorted(index.replaced()) == ["d1", "d2"]
