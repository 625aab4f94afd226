"""The parts that all audit events share: who recorded them, what they refer to, and network addresses."""

from ipaddress import ip_address
from typing import Any

from django.core.exceptions import ValidationError

from partners.api import base_url
from partners.audit.entries import GONE
from partners.audit.fhir import codes
from partners.audit.fhir.codes import Coding

Element = dict[str, Any]


def require_name() -> None:
    """Raise ValidationError if the deployment has no address, by which its events name it."""
    if not base_url.stated():
        raise ValidationError("Set CHARTERO_BASE_URL: audit events name this deployment by it.", code="no_base_url")


def source() -> Element:
    """Return who recorded an event: this deployment."""
    return {"observer": {"identifier": {"value": base_url.stated()}}, "type": [codes.APPLICATION_SERVER]}


def concept(coding: Coding) -> Element:
    """Return a CodeableConcept with one code."""
    return {"coding": [coding]}


def text(words: str) -> Element:
    """Return a CodeableConcept that has no code."""
    return {"text": words}


def reference(public_id: str, kind: str = "") -> Element:
    """Return a logical reference: a public id of this deployment, and the kind of FHIR resource if it is like one."""
    known = {"identifier": {"system": f"{base_url.stated()}/external/v1", "value": public_id}}
    return ({"type": kind} if kind else {}) | ({"display": GONE} if public_id == GONE else known)


def patient(public_id: str) -> Element:
    """Return the entity that names a patient, by id alone."""
    return {"what": reference(public_id, "Patient"), "type": codes.PERSON, "role": codes.PATIENT}


def network(address: str) -> Element:
    """Return the network of an agent, or nothing if this is no address, such as the command line."""
    try:
        return {"network": {"address": str(ip_address(address)), "type": codes.IP_ADDRESS}}
    except ValueError:
        return {}
