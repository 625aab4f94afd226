"""The codes of audit events: FHIR R4, IHE BALP 1.1, and DICOM PS3.16 for what staff do."""

from dataclasses import dataclass
from typing import Any

from partners.catalogue.routes import Route
from partners.models.change import Action

Coding = dict[str, str]

BALP = "https://profiles.ihe.net/ITI/BALP"
DICOM = "http://dicom.nema.org/resources/ontology/DCM"
TERMINOLOGY = "http://terminology.hl7.org/CodeSystem"


def coding(system: str, code: str) -> Coding:
    """Return a code of a code system."""
    return {"system": system, "code": code}


def dicom(code: str) -> Coding:
    """Return a code of DICOM PS3.16."""
    return coding(DICOM, code)


def profile(name: str) -> str:
    """Return the URL of a pattern of BALP."""
    return f"{BALP}/StructureDefinition/IHE.BasicAudit.{name}"


REST = coding(f"{TERMINOLOGY}/audit-event-type", "rest")
SOURCE_ROLE, DESTINATION_ROLE = dicom("110153"), dicom("110152")
RECIPIENT = coding(f"{TERMINOLOGY}/v3-ParticipationType", "IRCP")
APPLICATION_SERVER = coding(f"{TERMINOLOGY}/security-source-type", "4")
PERSON, OBJECT, OTHER = (coding(f"{TERMINOLOGY}/audit-entity-type", code) for code in ("1", "2", "4"))
PATIENT, DOMAIN_RESOURCE, SECURITY_RESOURCE, QUERY = (
    coding(f"{TERMINOLOGY}/object-role", code) for code in ("1", "4", "13", "24")
)
REQUEST_ID = coding(f"{BALP}/CodeSystem/BasicAuditEntityType", "XrequestId")
IP_ADDRESS, URI = "2", "5"  # kinds of network addresses
SUCCESS, REFUSED, FAILED = "0", "4", "8"  # outcomes


@dataclass(frozen=True, slots=True)
class Interaction:
    """How FHIR calls a kind of request, the BALP pattern of its success, and which role the caller has in it."""

    subtype: Coding
    action: str
    pattern: str
    caller: Coding
    server: Coding


_REST = "http://hl7.org/fhir/restful-interaction"
# Read names the side that the data comes from the source, and Query the side that the question comes from.
READ = Interaction(coding(_REST, "read"), "R", "Read", DESTINATION_ROLE, SOURCE_ROLE)
SEARCH = Interaction(coding(_REST, "search"), "E", "Query", SOURCE_ROLE, DESTINATION_ROLE)
_LISTS = {route.route_name for route in Route.grantable() if "<" not in route.path}


def interaction(route_name: str) -> Interaction:
    """Return what a route is: a search if it lists. A call that reached no route counts as a read."""
    return SEARCH if route_name in _LISTS else READ


@dataclass(frozen=True, slots=True)
class Kind:
    """The kind of event that a change is, by DICOM, and its action by FHIR."""

    type: Coding
    subtype: Coding | None
    action: str

    @property
    def facts(self) -> dict[str, Any]:
        return {
            "type": self.type,
            **({} if self.subtype is None else {"subtype": [self.subtype]}),
            "action": self.action,
        }


_ALERT, _SIGN_IN = dicom("110113"), dicom("110114")
_MADE, _CHANGED = (Kind(_ALERT, dicom("110135"), action) for action in "CU")  # object security attributes
_OF_USER, _OF_ROLE = (Kind(_ALERT, dicom(code), "U") for code in ("110137", "110136"))
_ENTERED, _LEFT = (Kind(_SIGN_IN, dicom(code), "E") for code in ("110122", "110123"))
_USED, _SECRET_READ = (Kind(_ALERT, dicom("110132"), action) for action in "ER")  # use of a restricted function
_OF_SYSTEM = Kind(_ALERT, dicom("110129"), "U")  # security configuration
_READ, _EXPORTED = Kind(dicom("110101"), None, "R"), Kind(dicom("110106"), None, "R")  # the record, a list

_KINDS: dict[str, Kind] = {
    Action.ORGANIZATION_CREATED: _MADE,
    Action.KEY_ISSUED: _MADE,
    Action.HANDOVER_PREPARED: _MADE,
    Action.WEBHOOK_ADDED: _MADE,
    Action.API_KEYS_SWITCHED: _OF_SYSTEM,
    Action.RECORDS_PRUNED: Kind(_OF_SYSTEM.type, _OF_SYSTEM.subtype, "D"),
    Action.DISCLOSURES_ACCOUNTED: _READ,
    Action.STAFF_ACTIVITY_SHOWN: _READ,
    Action.EXPORTED: _EXPORTED,
    Action.CHECKPOINT_SENT: _EXPORTED,
    Action.USER_ADDED: Kind(_OF_USER.type, _OF_USER.subtype, "C"),
    Action.USER_CHANGED: _OF_USER,
    Action.USER_DEACTIVATED: _OF_USER,
    Action.USER_ACTIVATED: _OF_USER,
    Action.PASSWORD_CHANGED: _OF_USER,
    Action.SECOND_FACTOR_SET_UP: _OF_USER,
    Action.RECOVERY_CODES_RENEWED: _OF_USER,
    Action.SIGN_IN_RESET: _OF_USER,
    Action.ROLES_CHANGED: _OF_ROLE,
    Action.GROUP_ADDED: Kind(_OF_ROLE.type, _OF_ROLE.subtype, "C"),
    Action.GROUP_CHANGED: _OF_ROLE,
    Action.SIGNED_IN: _ENTERED,
    Action.SECOND_FACTOR_PROVED: _ENTERED,
    Action.RECOVERY_CODE_USED: _ENTERED,
    Action.LOCKED_OUT: _ENTERED,
    Action.SIGNED_OUT: _LEFT,
    Action.SESSIONS_ENDED: _LEFT,
    Action.PAGE_REFUSED: _USED,
    Action.HANDOVER_OPENED: _USED,
    Action.HANDOVER_REFUSED: _USED,
    Action.HANDOVER_REUSED: _USED,
    Action.WEBHOOK_SECRET_SHOWN: _SECRET_READ,
    Action.WEBHOOK_TESTED: _USED,
    Action.WEBHOOK_REPLAYED: _USED,
    Action.ACCESS_REVIEWED: _USED,
    Action.FAULTS_EXPLAINED: _USED,
}
# What somebody attempted and didn't get.
UNSUCCESSFUL = {Action.LOCKED_OUT, Action.PAGE_REFUSED, Action.HANDOVER_REFUSED, Action.HANDOVER_NOT_SENT}


def kind(action: str) -> Kind:
    """Return the kind of event that a change is: unless listed, it changed the security attributes of an object."""
    return _KINDS.get(action, _CHANGED)
