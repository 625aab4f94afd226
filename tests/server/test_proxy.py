"""What the production server believes of what a proxy, or who says to be one, tells it; and https where it is
required."""

import pytest

from tests.server.deployment import Deployment

pytestmark = pytest.mark.server
LIST = "/external/v1/encounters"
HTTPS = {"X-Forwarded-Proto": "https"}


@pytest.fixture(scope="module", params=["0", "1"], ids=["no proxy", "proxy"])
def required(request, served):
    """A server that requires https, and whether it has been told of a proxy."""
    told = {"CHARTERO_REQUIRE_HTTPS": "1", "CHARTERO_BEHIND_PROXY": request.param}
    with Deployment(served.environment).serving(CHARTERO_WORKERS="1", **told) as server:
        yield server, request.param == "1"


def test_the_scheme_is_what_a_proxy_says_only_where_one_is_set(required):
    server, behind_proxy = required
    answer = server.get(LIST, headers=HTTPS)
    code = (answer.status, answer.json()["reason_code"])
    assert code == ((401, "missing_bearer") if behind_proxy else (403, "https_required"))
    assert server.get("/docs/", headers=HTTPS).status == (200 if behind_proxy else 403)


def test_plain_http_is_refused_and_probes_are_not(served, required):
    answer = required[0].get(LIST, token=served.tokens["good"])
    assert (answer.status, answer.json()["reason_code"]) == (403, "https_required")
    assert required[0].get("/healthz").status == 200


@pytest.mark.parametrize("header", ["SCRIPT_NAME", "Script-Name", "PATH_INFO", "Path-Info"])
def test_no_header_moves_the_path(served, header):
    assert served.get("/x/admin/login/", headers={header: "/x"}).status == 404
    assert served.get("/nowhere", headers={header: "/admin/login/"}).status == 404
    assert served.get(LIST, headers={header: "/x"}).json()["reason_code"] == "missing_bearer"
