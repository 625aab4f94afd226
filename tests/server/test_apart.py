"""The staff pages and the API in processes of their own, over one database; and pages in front of a silent one."""

import os

import pytest

from tests.faults.proxy import Proxy
from tests.server.deployment import Deployment

pytestmark = pytest.mark.server
LIST, SIGN_IN, AUDIO = "/external/v1/encounters", "/admin/login/", "/media/audio/signed"
COLLECT = "/collect/"
PUBLIC = dict.fromkeys(("/", "/docs/", "/openapi/v1/openapi.json", "/healthz", "/readyz"), 200)
SESSION = {"Cookie": f"sessionid={'a' * 32}"}  # one that has ended, which only the database can say


@pytest.fixture(scope="module", params=["partners", "staff"])
def part(request, served):
    """A server of one kind, beside the one that serves everything."""
    with Deployment(served.environment).serving(CHARTERO_SERVES=request.param, CHARTERO_WORKERS="1") as server:
        yield request.param, server


def test_each_server_answers_its_own_part(served, part):
    serves, server = part
    expected = {
        "partners": {
            LIST: 200,
            "/external/v1/nowhere": 404,
            AUDIO: 403,
            COLLECT: 200,
            "/admin/": 404,
            SIGN_IN: 404,
        },
        "staff": {LIST: 503, "/external/v1/nowhere": 503, AUDIO: 404, COLLECT: 404, "/admin/": 302, SIGN_IN: 200},
    }[serves] | PUBLIC
    assert {path: server.get(path, token=served.tokens["good"]).status for path in expected} == expected


@pytest.mark.skipif(not os.environ.get("DATABASE_URL", "").startswith("postgres"), reason="needs PostgreSQL")
def test_no_page_waits_for_a_silent_database_on_an_open_session(served):
    host, port_and_name = served.environment["DATABASE_URL"].rsplit(":", 1)
    port, name = port_and_name.split("/", 1)
    network = Proxy(int(port))
    told = {"DATABASE_URL": f"{host}:{network.port}/{name}", "CHARTERO_WORKERS": "1", "CHARTERO_THREADS": "1"}
    with Deployment(served.environment).serving(**told) as server:
        assert {server.get("/admin/", headers=SESSION).status for _ in range(20)} == {302}
        with network.frozen():
            assert server.get("/admin/", headers=SESSION).status == 503
            assert server.get("/docs/").status == 200
