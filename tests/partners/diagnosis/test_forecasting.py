"""The forecast of a key's calls: it says beforehand what the API says afterwards."""

import pytest

from partners.catalogue import reasons
from partners.catalogue.remedies import REMEDIES
from partners.catalogue.routes import Route, Scope
from partners.decision.policy import ACCESS_POLICY, decide
from partners.diagnosis import forecasting
from partners.models import ApiKeySwitch
from tests.api import Api
from tests.factories import CHANGE, OrganizationFactory, issue

pytestmark = pytest.mark.django_db
READS = [Scope.ENCOUNTERS_READ, Scope.PATIENTS_READ, Scope.DOCUMENTS_READ]
SITUATIONS = {
    "": lambda organization: None,
    "api_keys_disabled": lambda organization: ApiKeySwitch.turn(False, CHANGE),
    "organization_not_allowlisted": lambda organization: organization.set_access(CHANGE, allowlisted=False),
    "route_not_allowed": lambda organization: organization.set_access(CHANGE, disable=Route.grantable()),
}


def codes(forecast: forecasting.Forecast) -> list[str]:
    return [reason.code for reason, _ in forecast.obstacles]


@pytest.mark.parametrize("code", SITUATIONS)
def test_the_new_keys_first_call_is_answered_as_foretold(organization, code):
    SITUATIONS[code](organization)
    forecast = forecasting.of_new_key(organization, READS, is_test=False)[0]
    answer = Api(issue(organization, scopes=READS)[1]).get("/external/v1/encounters")
    assert forecast.route is Route.ENCOUNTERS_LIST
    assert forecast.passes == (answer.status_code == 200) == (code == "")
    assert codes(forecast) == [each for each in [code] if each]
    assert code == answer.json().get("reason_code", "")


def test_every_obstacle_is_told_in_order_with_its_remedy(settings):
    organization = OrganizationFactory(allowlisted=False, routes=[])
    settings.DIGEST_KEYS = ""
    forecast = forecasting.of_new_key(organization, READS[:2], is_test=True)[0]
    assert codes(forecast) == [
        "test_prefix_not_allowed",
        "digest_key_unavailable",
        "organization_not_allowlisted",
        "route_not_allowed",
        "missing_scope",
    ]
    assert forecast.obstacles[0][1] is REMEDIES[reasons.Reason.TEST_PREFIX_NOT_ALLOWED]
    assert forecast.missing == [Scope.DOCUMENTS_READ]


def test_a_new_key_is_judged_as_an_issued_one_is(organization):
    key, _ = issue(organization, scopes=READS[:1])
    new, issued = forecasting.of_new_key(organization, READS[:1], is_test=False), forecasting.of_key(key)
    assert [codes(each) for each in new] == [["missing_scope"] for _ in Route.grantable()]
    assert [codes(each) for each in issued] == [codes(each) for each in new]


def test_a_key_is_judged_as_if_it_held_other_scopes(organization):
    key, _ = issue(organization, scopes=[])
    assert not any(each.passes for each in forecasting.of_key(key))
    assert all(each.passes for each in forecasting.of_key(key, Scope))
    assert all(decide(ACCESS_POLICY, each.call) is None for each in forecasting.of_key(key, Scope))


def test_a_scope_that_no_enabled_route_uses_is_idle():
    no_audio = OrganizationFactory(routes=[route for route in Route.grantable() if route is not Route.DOCUMENTS_AUDIO])
    nothing = OrganizationFactory(routes=[])
    forecasts = forecasting.of_new_key(no_audio, Scope, is_test=False)
    assert forecasting.idle(forecasts, Scope) == [Scope.RECORDINGS_READ]
    assert forecasting.idle(forecasting.of_new_key(nothing, Scope, is_test=False), READS) == READS


def test_a_change_opens_what_did_not_pass_before():
    organization = OrganizationFactory(routes=[Route.ENCOUNTERS_LIST])
    key, _ = issue(organization, scopes=[])
    before, after = forecasting.of_key(key), forecasting.of_key(key, READS)
    assert forecasting.opened(before, after) == [Route.ENCOUNTERS_LIST]
    assert forecasting.opened(after, after) == []
