"""The refusals of each route, as the contract has them and as they are sent."""

import pytest

from chartero import openapi
from partners.api.responses import error_body
from partners.catalogue.reasons import Reason
from tests import published
from tests.chartero.openapi.test_document import ROUTES

CREDENTIALS = [
    "missing_bearer",
    "api_keys_disabled",
    "test_prefix_not_allowed",
    "malformed_token",
    "invalid_key",
    "disabled_key",
    "revoked_key",
    "expired_key",
]
ACCESS = [
    "source_not_allowed",
    "org_scope_only_required",
    "organization_not_allowlisted",
    "route_not_allowed",
    "missing_scope",
]
OF_AN_ENCOUNTER = [*ACCESS, "cross_organization_denied", "demo_training_denied", "https_required"]
ANYWHERE = {
    "401": CREDENTIALS,
    "405": ["method_not_allowed"],
    "429": ["rate_limited"],
    "500": ["internal_error"],
    "503": ["digest_key_unavailable", "service_unavailable"],
}
UNKNOWN, OTHER_TYPE = (
    ["unsupported_filter", "bad_request"],
    ["unsupported_filter", "unsupported_document_type", "bad_request"],
)
NO_ENCOUNTER, NO_DOCUMENT = ["encounter_not_found"], ["encounter_not_found", "document_not_found"]
REFUSALS = {
    "encounters.list": {
        "400": UNKNOWN,
        "403": [*ACCESS, "https_required"],
        "422": ["invalid_limit", "invalid_offset", "invalid_sort", "invalid_query"],
    },
    "encounters.detail": {"400": UNKNOWN, "403": OF_AN_ENCOUNTER, "404": [*NO_ENCOUNTER, "route_not_found"]},
    "documents.detail": {"400": OTHER_TYPE, "403": OF_AN_ENCOUNTER, "404": [*NO_DOCUMENT, "route_not_found"]},
    "documents.transcript": {
        "400": OTHER_TYPE,
        "403": OF_AN_ENCOUNTER,
        "404": [*NO_DOCUMENT, "transcript_not_found", "route_not_found"],
    },
    "documents.audio": {
        "400": OTHER_TYPE,
        "403": OF_AN_ENCOUNTER,
        "404": [*NO_DOCUMENT, "audio_not_found", "route_not_found"],
    },
    "changes.list": {
        "400": UNKNOWN,
        "403": [*ACCESS, "https_required"],
        "410": ["cursor_expired"],
        "422": ["invalid_limit", "invalid_query"],
    },
}


def answers_of(name):
    return openapi.document()["paths"][ROUTES[name][0]]["get"]["responses"]


def content(answer):
    return answer["content"]["application/json"]


@pytest.mark.parametrize("name", REFUSALS)
def test_each_route_has_its_codes_by_status_in_the_order_of_the_checks(name):
    answers = answers_of(name)
    told = {status: [*content(answer)["examples"]] for status, answer in answers.items() if status != "200"}
    assert told == ANYWHERE | REFUSALS[name]


@pytest.mark.parametrize("name", REFUSALS)
def test_no_other_code_is_allowed(name):
    for status, answer in answers_of(name).items():
        if status != "200":
            assert answer[published.CODES] == [*content(answer)["examples"]]


@pytest.mark.parametrize("reason", Reason, ids=lambda reason: reason.code)
def test_the_example_of_a_code_is_the_body_that_is_sent(reason):
    body = openapi.document()["components"]["examples"][reason.code]["value"]
    assert body == error_body(reason, body["field"])
    schema = published.closed({"$ref": "#/components/schemas/ErrorAnswer"})
    assert published.validator(schema).is_valid(body)


@pytest.mark.parametrize(
    ("code", "field"),
    [("invalid_limit", "limit"), ("invalid_query", "start_at"), ("unsupported_filter", "page"), ("invalid_key", None)],
)
def test_the_example_names_the_parameter_at_fault(code, field):
    assert openapi.document()["components"]["examples"][code]["value"]["field"] == field


@pytest.mark.parametrize("name", REFUSALS)
def test_every_answer_has_its_headers(name):
    always = {"X-Request-ID", "Cache-Control", "X-Content-Type-Options"}
    more = {"401": "WWW-Authenticate", "403": "WWW-Authenticate", "405": "Allow"} | {
        "429": "Retry-After",
        "503": "Retry-After",
    }
    for status, answer in answers_of(name).items():
        assert set(answer["headers"]) == always | ({more[status]} if status in more else set())


def test_a_401_says_what_is_wrong_and_a_403_which_scopes_are_missing():
    answers = answers_of("documents.audio")
    of_401, of_403 = (answers[status]["headers"]["WWW-Authenticate"] for status in ("401", "403"))
    assert (of_401["required"], of_403["required"]) == (True, False)
    assert of_401["schema"]["enum"] == ['Bearer realm="external"', 'Bearer realm="external", error="invalid_token"']
    scopes = 'scope="encounters:read documents:read recordings:read"'
    assert of_403["schema"]["enum"] == [f'Bearer realm="external", error="insufficient_scope", {scopes}']
