"""An import of transcripts as an operator starts it."""

import json
from io import StringIO

import pytest
from django.core.management import call_command

from tests.encounters.transcripts.visits import write


@pytest.fixture(autouse=True)
def _apart(recordings_folder):
    """Keep recordings out of the deployment's own folder."""


@pytest.fixture
def run_import(organization):
    """Import a path into the organization and return the JSON report."""

    def run(path, *options, source="source"):
        out = StringIO()
        arguments = ["--organization", organization.public_id, "--record-class", "clinical", "--source", source]
        call_command("import_transcripts", str(path), *arguments, *options, "--json", stdout=out)
        return json.loads(out.getvalue())

    return run


@pytest.fixture
def bring(run_import, tmp_path):
    """Import these lines and return the report."""
    return lambda *lines, options=(), **named: run_import(write(tmp_path / "visits.ndjson", *lines), *options, **named)


@pytest.fixture
def counts(bring):
    """Import these lines and return only the counts."""
    return lambda *lines, **named: bring(*lines, **named)["counts"]


@pytest.fixture
def issues(bring):
    """Import these lines and return where something is wrong, and what to do."""
    return lambda *lines, **named: [(each["at"], each["todo"]) for each in bring(*lines, **named)["issues"]]


@pytest.fixture
def recording(tmp_path) -> str:
    """Return a recording next to the file of lines."""
    (tmp_path / "audio").mkdir()
    (tmp_path / "audio" / "Ina Example.WAV").write_bytes(b"RIFF invented")
    return "audio/Ina Example.WAV"
