"""Which kind of event each action is."""

import pytest

from partners.audit.fhir import codes
from partners.catalogue.routes import Route
from partners.models.change import Action


@pytest.mark.parametrize(
    ("action", "type_", "subtype", "did"),
    [
        (Action.KEY_ISSUED, "110113", "110135", "C"),
        (Action.ACCESS_CHANGED, "110113", "110135", "U"),
        (Action.API_KEYS_SWITCHED, "110113", "110129", "U"),
        (Action.RECORDS_PRUNED, "110113", "110129", "D"),
        (Action.USER_ADDED, "110113", "110137", "C"),
        (Action.ROLES_CHANGED, "110113", "110136", "U"),
        (Action.SIGNED_IN, "110114", "110122", "E"),
        (Action.SIGNED_OUT, "110114", "110123", "E"),
        (Action.PAGE_REFUSED, "110113", "110132", "E"),
        (Action.WEBHOOK_SECRET_SHOWN, "110113", "110132", "R"),
        (Action.WEBHOOK_REPLAYED, "110113", "110132", "E"),
        (Action.ACCESS_REVIEWED, "110113", "110132", "E"),
        (Action.DISCLOSURES_ACCOUNTED, "110101", None, "R"),
        (Action.EXPORTED, "110106", None, "R"),
        (Action.CHECKPOINT_SENT, "110106", None, "R"),
    ],
)
def test_an_action_has_the_codes_of_dicom(action, type_, subtype, did):
    kind = codes.kind(action.value)
    assert (kind.type, kind.action) == ({"system": codes.DICOM, "code": type_}, did)
    assert kind.facts.get("subtype") == (None if subtype is None else [{"system": codes.DICOM, "code": subtype}])


def test_every_action_without_a_kind_of_its_own_changes_an_object():
    assert {action for action in Action if codes.kind(action) is codes.kind("")} == {
        Action.CONTACT_CHANGED,
        Action.PURPOSE_CHANGED,
        Action.DESCRIPTION_CHANGED,
        Action.COMMENTED,
        Action.ACCESS_CHANGED,
        Action.NAMES_CHANGED,
        Action.ORGANIZATION_LIMIT_CHANGED,
        Action.ACCESS_REQUEST_ACCEPTED,
        Action.ACCESS_REQUEST_DECLINED,
        Action.KEY_ROTATED,
        Action.ROTATION_FINISHED,
        Action.KEY_DISABLED,
        Action.KEY_ENABLED,
        Action.KEY_REVOKED,
        Action.KEY_LEAKED,
        Action.EXPIRY_CHANGED,
        Action.SCOPES_CHANGED,
        Action.KEY_LIMIT_CHANGED,
        Action.NETWORKS_CHANGED,
        Action.HANDOVER_SENT,
        Action.HANDOVER_NOT_SENT,
        Action.HANDOVER_COLLECTED,
        Action.HANDOVER_LOCKED,
        Action.HANDOVER_WITHDRAWN,
        Action.WEBHOOK_SWITCHED_OFF,
        Action.WEBHOOK_SWITCHED_ON,
        Action.WEBHOOK_SECRET_RENEWED,
        Action.WEBHOOK_SECRET_IN_FORCE,
        Action.APPROVAL_REQUESTED,
        Action.APPROVED,
        Action.APPROVAL_DECLINED,
        Action.APPROVAL_WITHDRAWN,
        Action.RECORD_RESTRICTED,
        Action.RESTRICTION_LIFTED,
    }
    assert {codes.kind(action).action for action in Action} == set("CRUDE")


def test_routes_that_list_are_searches():
    searches = {route.route_name for route in Route if codes.interaction(route.route_name) is codes.SEARCH}
    assert searches == {route.route_name for route in Route if route.route_name.endswith(".list")}
    assert codes.interaction("") is codes.READ
