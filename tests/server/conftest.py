"""One deployment for all tests of the production server."""

import pytest

from tests.server.deployment import new_deployment

ALL_SCOPES = ["--scope", "encounters:read", "patients:read", "documents:read"]


@pytest.fixture(scope="session")
def served(tmp_path_factory):
    """The production server over an organization with encounters, set up by the operator's commands."""
    with new_deployment(tmp_path_factory.mktemp("deployment")) as deployment:
        report = deployment.report("demo", "--no-serve")
        deployment.tokens["good"] = report["token"]
        deployment.organization_id = report["organization_id"]
        deployment.logins = {login["username"]: login["password"] for login in report["logins"]}
        with deployment.serving():
            yield deployment
