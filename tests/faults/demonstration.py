"""The production server over a demonstration, behind a network of our own, and maybe PgBouncer."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from tests.faults.database import Database
from tests.faults.poolers import in_front
from tests.faults.proxy import Proxy
from tests.faults.scenario import Site
from tests.faults.server import serving
from tests.server.deployment import Deployment, new_deployment


@contextmanager
def site() -> Iterator[Site]:
    """Yield the site that scenarios share. If CHARTERO_POOLER says so, its web server uses PgBouncer."""
    with tempfile.TemporaryDirectory() as folder, new_deployment(Path(folder)) as deployment, ExitStack() as more:
        tokens = tokens_of(deployment)
        direct = deployment.environment["DATABASE_URL"]
        host, port_and_name = direct.rsplit(":", 1)
        port, name = port_and_name.split("/", 1)
        proxy = Proxy(int(port))
        own = {"DATABASE_URL": f"{host}:{proxy.port}/{name}"}
        if "CHARTERO_POOLER" in os.environ:
            _, own = more.enter_context(in_front(own["DATABASE_URL"]))
        environment = deployment.environment | own
        with serving(environment, Path(folder) / "log") as server:
            yield Site(server, tokens, Database(direct), proxy, (Database(direct),))


def tokens_of(deployment: Deployment) -> dict[str, str]:
    """Fill an empty database, and note who can sign in. Return a key that may read, and one that is revoked."""
    demo = deployment.report("demo", "--no-serve")
    deployment.logins = {login["username"]: login["password"] for login in demo["logins"]}
    scopes = ["--scope", "encounters:read", "patients:read", "documents:read"]
    revoked = deployment.report("issue_key", "--organization", demo["organization_id"], "--label", "Given up", *scopes)
    deployment.manage("revoke_key", revoked["key_id"], "--reason", "a test")
    return {"good": demo["token"], "revoked": revoked["token"]}
