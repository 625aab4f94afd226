"""A client that openapi-python-client generates from the published document works against the production server."""

import importlib
import json
import os
import subprocess
import sys
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest

from tests.server.unseen import UNSEEN, older_document

pytest.importorskip("openapi_python_client", reason="needs .ci/requirements.txt")
pytestmark = [pytest.mark.server, pytest.mark.tools]
LIST = "/external/v1/encounters"
PACKAGE = "generated_partner_client"


@pytest.fixture(scope="module")
def generated(served, tmp_path_factory):
    """Return a function that imports a module of the package; its document lacks a code which the server sends."""
    folder = tmp_path_factory.mktemp("client")
    (folder / "openapi.json").write_text(json.dumps(older_document(served)))
    source, target = ["--path", folder / "openapi.json"], ["--output-path", folder / PACKAGE]
    options = [*source, "--meta", "none", *target, "--fail-on-warning"]
    path = {"PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}  # it formats with ruff
    done = subprocess.run(
        [sys.executable, "-m", "openapi_python_client", "generate", *options],
        env=os.environ | path,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(folder)
        yield lambda name: importlib.import_module(f"{PACKAGE}.{name}")


@pytest.fixture
def client(served, generated):
    with with_token(served, generated, served.tokens["good"]) as client:
        yield client


def with_token(served, generated, token):
    return generated("client").AuthenticatedClient(f"http://127.0.0.1:{served.port}", token)


def as_sent(model):
    """Return a typed answer as JSON again, with the times spelled as the API does."""
    return json.loads(json.dumps(model.to_dict()).replace('+00:00"', 'Z"'))


def test_a_page_of_a_window(served, generated, client):
    token, zone = served.tokens["good"], timezone(timedelta(hours=2))
    start, end = datetime(2025, 9, 1, tzinfo=zone), datetime(2025, 12, 1, tzinfo=zone)
    order = generated("models").EncountersListSortOrder.ASC
    page = generated("api.encounters.encounters_list").sync(
        client=client, limit=100, sort_order=order, start_at=start, end_at=end
    )
    query = "limit=100&sort_order=asc&start_at=2025-09-01T00:00:00%2B02:00&end_at=2025-11-30T22:00:00Z"
    assert len(page.items) == 100
    assert as_sent(page) == served.get(f"{LIST}?{query}", token=token).json()


def test_one_encounter_and_its_documents(served, generated, client):
    token = served.tokens["good"]
    items = generated("api.encounters.encounters_list").sync(client=client, limit=20).items
    for item in items:
        path = f"{LIST}/{item.encounter_id}"
        one = generated("api.encounters.encounters_detail").sync(item.encounter_id, client=client)
        assert as_sent(one) == served.get(path, token=token).json()
        for document in item.documents:
            ids, path_of = (item.encounter_id, document.document_id), f"{path}/documents/{document.document_id}"
            for name, last in (("detail", ""), ("transcript", "/transcript")):
                told = generated(f"api.documents.documents_{name}").sync(*ids, client=client)
                assert as_sent(told) == served.get(path_of + last, token=token).json()


def test_a_refusal_is_typed(served, generated):
    with with_token(served, generated, "x") as stranger:
        refusal = generated("api.encounters.encounters_detail").sync("x", client=stranger)
    assert isinstance(refusal, generated("models").ErrorAnswer)
    assert (refusal.reason_code, refusal.field) == ("malformed_token", None)


def test_a_code_that_it_has_never_seen_is_a_refusal_like_others(generated, client):
    answer = generated("api.encounters.encounters_list").sync_detailed(client=client, limit=101)
    assert (answer.status_code, answer.parsed.reason_code, answer.parsed.field) == (422, UNSEEN, "limit")
