"""What the patterns of IHE BALP 1.1 require of an event, written down from their definitions and not from our code."""

from typing import Any

DICOM = "http://dicom.nema.org/resources/ontology/DCM"
TERMINOLOGY = "http://terminology.hl7.org/CodeSystem"
PATTERNS = "https://profiles.ihe.net/ITI/BALP/StructureDefinition/IHE.BasicAudit."
TRANSACTION = ("https://profiles.ihe.net/ITI/BALP/CodeSystem/BasicAuditEntityType", "XrequestId")
PERSON, OBJECT = ((f"{TERMINOLOGY}/audit-entity-type", code) for code in ("1", "2"))
USER = (f"{TERMINOLOGY}/v3-ParticipationType", "IRCP")
SIDES = {"Read": ("110152", "110153"), "Query": ("110153", "110152")}  # the roles of the client and the server
SUBTYPES = {"Read": {"read", "vread"}, "Query": {"search", "search-type", "search-system"}}
ACTIONS = {"Read": "R", "Query": "E"}
DATA_ROLES = {"4", "3", "20"}


def code(coding: dict[str, Any]) -> tuple[str, str]:
    return coding["system"], coding["code"]


def sliced(elements: list[dict], of: Any) -> dict[tuple[str, str], list[dict]]:
    """Return the elements by the code of their type."""
    found: dict[tuple[str, str], list[dict]] = {}
    for element in elements:
        found.setdefault(of(element), []).append(element)
    return found


def require(event: dict[str, Any]) -> str:
    """Assert that an event has what the pattern requires that it claims, and return the name of the pattern."""
    (claimed,) = event["meta"]["profile"]
    assert claimed.startswith(PATTERNS)
    name = claimed.removeprefix(PATTERNS)
    kind = name.removeprefix("Patient")
    assert code(event["type"]) == (f"{TERMINOLOGY}/audit-event-type", "rest")
    (subtype,) = event["subtype"]
    assert subtype["system"] == "http://hl7.org/fhir/restful-interaction"
    assert subtype["code"] in SUBTYPES[kind]
    assert (event["action"], event["outcome"]) == (ACTIONS[kind], "0")
    assert event["recorded"].endswith("Z")
    require_agents(event["agent"], *SIDES[kind])
    require_entities(event["entity"], kind, with_patient=name != kind)
    return name


def require_agents(agents: list[dict], client: str, server: str) -> None:
    by_type = sliced(agents, lambda agent: code(agent["type"]["coding"][0]))
    assert set(by_type) <= {(DICOM, client), (DICOM, server), USER}
    for side in (client, server):
        (agent,) = by_type[DICOM, side]
        assert agent["who"]
        assert agent["network"]["address"]
        assert "media" not in agent
    for user in by_type.get(USER, []):
        assert user["who"]
        assert user["requestor"] is True
        assert not {"media", "network"} & set(user)
    assert len(by_type.get(USER, [])) <= 1
    assert all(isinstance(agent["requestor"], bool) for agent in agents)


def require_entities(entities: list[dict], kind: str, *, with_patient: bool) -> None:
    by_type = sliced(entities, lambda entity: code(entity["type"]))
    (transaction,), (object_,) = by_type[TRANSACTION], by_type[OBJECT]
    assert transaction["what"]["identifier"]["value"]
    assert object_["role"]["system"] == f"{TERMINOLOGY}/object-role"
    if kind == "Read":
        assert object_["role"]["code"] in DATA_ROLES
        assert object_["what"]
    else:
        assert object_["role"]["code"] == "24"
        assert object_["query"]
        assert not {"what", "lifecycle", "detail", "name"} & set(object_)
    assert (PERSON in by_type) == with_patient
    for patient in by_type.get(PERSON, []):
        assert code(patient["role"]) == (f"{TERMINOLOGY}/object-role", "1")
        assert patient["what"]["type"] == "Patient"
    assert len(by_type.get(PERSON, [])) == with_patient
