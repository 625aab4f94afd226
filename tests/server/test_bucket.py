"""Two machines with a bucket in common: a recording that one imported is served by the links of the other."""

import shutil
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from urllib.request import urlopen

import pytest

from tests.encounters.support import bucket
from tests.encounters.transcripts.visits import encounter, transcript, visit, write
from tests.server.deployment import new_deployment

pytest.importorskip("botocore", reason="needs deploy/s3.txt")
pytest.importorskip("nanio", reason="needs .ci/requirements.txt")
pytestmark = [pytest.mark.s3, pytest.mark.server]


def machine(served, folder, store):
    """Return a machine with the secrets and the database of the deployment, and a folder of its own."""
    shutil.copytree(served.environment["CHARTERO_DATA_DIR"], folder, ignore=shutil.ignore_patterns("*.sqlite3*"))
    shutil.rmtree(folder / "recordings")
    environment = served.environment | store.environment | {"CHARTERO_DATA_DIR": str(folder), "CHARTERO_WORKERS": "1"}
    return replace(served, environment=environment, log=folder / "log")


@pytest.fixture
def served(tmp_path):
    """A deployment of its own: the recordings of the others aren't in a bucket."""
    (tmp_path / "first").mkdir()
    with new_deployment(tmp_path / "first") as deployment:
        report = deployment.report("demo", "--no-serve")
        deployment.tokens["good"], deployment.organization_id = report["token"], report["organization_id"]
        yield deployment


def test_each_serves_what_the_other_imported(served, tmp_path):
    (tmp_path / "visit.wav").write_bytes(b"RIFF invented")
    lines = write(tmp_path / "visits.ndjson", visit(transcript(audio="visit.wav"), encounter=encounter("of-a-bucket")))
    (tmp_path / "store").mkdir()
    with bucket.serving(tmp_path / "store") as store, ExitStack() as serving:
        machines = [machine(served, tmp_path / name, store) for name in ("one", "two")]
        whose = ["--organization", served.organization_id, "--record-class", "clinical", "--source", "bucket"]
        machines[0].manage("import_transcripts", str(lines), *whose)
        assert list(store.kept().values()) == [b"RIFF invented"]
        for each in machines:
            serving.enter_context(each.serving())
            (item,) = each.get("/external/v1/encounters?limit=1", token=served.tokens["good"]).json()["items"]
            (document,) = item["documents"]
            path = f"/external/v1/encounters/{item['encounter_id']}/documents/{document['document_id']}/audio"
            with urlopen(each.get(path, token=served.tokens["good"]).json()["audio_url"], timeout=10) as answer:
                assert (answer.headers["Content-Type"], answer.read()) == ("audio/wav", b"RIFF invented")
        written = "".join(Path(each.log).read_text() for each in machines)
        assert not [value for value in (*bucket.KEYS.values(), *store.kept()) if value in written]
    assert not [path for each in machines for path in Path(each.environment["CHARTERO_DATA_DIR"]).rglob("*.wav")]
