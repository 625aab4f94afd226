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
        (Action.DISCLOSURES_ACCOUNTED, "110101", None, "R"),
        (Action.EXPORTED, "110106", None, "R"),
    ],
)
def test_an_action_has_the_codes_of_dicom(action, type_, subtype, did):
    kind = codes.kind(action.value)
    assert (kind.type, kind.action) == ({"system": codes.DICOM, "code": type_}, did)
    assert kind.facts.get("subtype") == (None if subtype is None else [{"system": codes.DICOM, "code": subtype}])


def test_every_action_has_a_kind():
    assert {codes.kind(action).action for action in Action} == set("CRUDE")


def test_routes_that_list_are_searches():
    searches = {route.route_name for route in Route if codes.interaction(route.route_name) is codes.SEARCH}
    assert searches == {route.route_name for route in Route if route.route_name.endswith(".list")}
    assert codes.interaction("") is codes.READ
