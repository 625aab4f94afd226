from contextlib import closing

import pytest

from encounters.fhir.index import Binary, Index
from encounters.fhir.references import parse_text
from encounters.importing.rows import Target

PATIENT = Target("Patient", "p1")
A, B = (parse_text(f"https://{name}.example/fhir/Patient/1") for name in "ab")
OF_A, OF_B = Target("Patient", "1", A.server), Target("Patient", "1", B.server)


@pytest.fixture
def index():
    with closing(Index()) as index:
        yield index


@pytest.fixture
def meant(index):
    """Return the target of a reference in an entry of a Bundle and a server."""
    return lambda text, scope="", server=None: index.target(parse_text(text), scope, server)


def test_a_full_url_is_known_only_in_its_bundle(index, meant):
    index.add_url("a", parse_text("urn:uuid:1"), PATIENT)
    assert meant("urn:uuid:1", "a") == PATIENT
    assert meant("urn:uuid:1", "b") == Target(None, "1")
    assert meant("urn:uuid:1") == Target(None, "1")


@pytest.mark.parametrize("other", [Target("Group", "p1"), Target("Patient", "p2")])
def test_a_full_url_of_two_resources_resolves_to_neither(index, meant, other):
    for each in (PATIENT, other, PATIENT):
        index.add_url("a", parse_text("urn:uuid:1"), each)
    assert meant("urn:uuid:1", "a") is None


def test_a_full_url_may_come_in_many_versions(index, meant):
    for version in "12":
        index.add_url("a", parse_text(f"https://a.example/fhir/Patient/1/_history/{version}"), OF_A)
    assert meant(A.text, "a") == Target("Patient", "1")


def test_a_second_full_url_of_the_same_id_is_another_resource(index, meant):
    first, second = parse_text("urn:uuid:1"), parse_text("urn:uuid:2")
    index.add_url("a", first, PATIENT)
    index.add_url("a", second, PATIENT)
    assert (meant(first.text, "a"), meant(second.text, "a")) == (PATIENT, None)
    assert (index.is_taken("a", first, PATIENT), index.is_taken("a", second, PATIENT)) == (False, True)
    assert not index.is_taken("b", second, PATIENT)


def test_an_id_is_enough_as_long_as_there_is_one_server(index, meant):
    index.add_url("x", A, OF_A)
    assert meant("Patient/1") == meant(A.text) == meant(B.text) == Target("Patient", "1")
    assert meant("urn:uuid:1") == Target(None, "1")


def test_with_several_servers_a_reference_means_the_one_that_it_names(index, meant):
    index.add_url("x", A, OF_A)
    index.add_url("y", B, OF_B)
    assert (meant(A.text), meant(B.text)) == (OF_A, OF_B)
    assert (meant("Patient/1", server=A.server), meant("Patient/1", server=B.server)) == (OF_A, OF_B)
    assert meant(A.text, "y", B.server) == OF_A


def test_with_several_servers_an_id_alone_may_mean_nothing(index, meant):
    index.add_url("x", A, OF_A)
    index.add_url("y", B, OF_B)
    assert meant("Patient/1") is meant("urn:uuid:1") is None
    assert meant("Patient/2") == Target("Patient", "2")


def test_the_servers_of_earlier_runs_count():
    with closing(Index({A.server, B.server})) as index:
        assert index.target(A, "", None) == OF_A


def test_an_identifier_means_a_resource_only_if_it_is_exactly_one_of_its_type(index, meant):
    reference = "Patient?identifier=s|1"
    assert meant(reference) is None
    index.add_identifiers(PATIENT, ["s|1", "s|1", "t|1"])
    index.add_identifiers(Target("Encounter", "e1"), ["s|1"])
    assert meant(reference) == PATIENT
    index.add_identifiers(Target("Patient", "p2"), ["s|1"])
    assert meant(reference) is None


def test_few_identifiers_are_in_memory_and_all_are_known(index, meant, monkeypatch):
    monkeypatch.setattr("encounters.fhir.index.IDENTIFIERS", 2)
    for number in range(5):
        index.add_identifiers(Target("Patient", f"p{number}"), [f"s|{number}"])
        assert len(index._identifiers) <= 2
    assert [meant(f"Patient?identifier=s|{number}").id for number in range(5)] == [f"p{number}" for number in range(5)]


def test_an_identifier_resolves_to_the_resource_of_its_server(index, meant):
    index.add_url("x", A, OF_A)
    index.add_url("y", B, OF_B)
    index.add_identifiers(OF_B, ["s|1"])
    assert meant("Patient?identifier=s|1") == OF_B
    index.add_identifiers(OF_A, ["s|1"])
    assert meant("Patient?identifier=s|1") is None


@pytest.mark.parametrize("text", ["#x", "urn:oid:1", "Patient?identifier=1"])
def test_a_reference_to_nothing_has_no_target(meant, text):
    assert meant(text, "a") is None


def test_an_organization_is_known_by_name(index):
    index.add_organization(Target("Organization", "o1"), "Invented Clinic")
    assert index.organization_name(parse_text("Organization/o1"), "", None) == "Invented Clinic"
    assert index.organization_name(parse_text("Organization/o2"), "", None) is None
    assert index.organization_name(parse_text("#o1"), "", None) is None


def test_an_organization_is_known_as_soon_as_it_is_read(index):
    for name in (None, "Invented Clinic", "Renamed Clinic"):
        if name:
            index.add_organization(Target("Organization", "o1"), name)
        assert index.organization_name(parse_text("Organization/o1"), "", None) == name


def test_with_several_servers_an_organization_is_known_by_its_server_too(index):
    index.add_url("x", A, OF_A)
    index.add_url("y", B, OF_B)
    index.add_organization(Target("Organization", "o1", A.server), "Invented Clinic")
    reference = parse_text("Organization/o1")
    assert index.organization_name(reference, "", A.server) == "Invented Clinic"
    assert index.organization_name(reference, "", B.server) is None


def test_replaced_documents_are_remembered_once(index):
    one, two = Target("DocumentReference", "d1"), Target("DocumentReference", "d2", A.server)
    index.add_replaced([one, two])
    index.add_replaced([one])
    assert sorted(index.replaced(), key=str) == [one, two]


def test_a_binary_is_looked_up_in_its_own_bundle_first(index):
    target, here, there = Target("Binary", "b1"), Binary("text/plain", "aGVyZQ=="), Binary("text/plain", "dGhlcmU=")
    index.add_binary("a", target, here)
    assert index.binary("b", target) == here
    index.add_binary("b", target, there)
    assert (index.binary("a", target), index.binary("b", target)) == (here, there)
    assert index.binary("c", target) is None
    assert index.binary("a", Target("Binary", "b1", A.server)) is None
