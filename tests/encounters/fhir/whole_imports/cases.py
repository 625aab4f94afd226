"""Inputs that real systems have produced: a folder for each case, whose `cmd.json` lists what to import, in order.

An entry of `cmd.json` is a path in that folder and its options; `transcripts:` before the path means the other command.
"""

import json
from dataclasses import dataclass, field
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from encounters.models import SourceRecord
from tests.conftest import SAMPLES

CASES = SAMPLES.parent / "cases" / "import"
COMMANDS = {"": "import_fhir", "transcripts": "import_transcripts"}


@dataclass(frozen=True)
class Run:
    """What one command did: its exit code, the error that it printed, and its report, empty if it imported nothing."""

    exit_code: int
    error: str = ""
    report: dict[str, Any] = field(default_factory=dict)

    @property
    def codes(self) -> dict[str, int]:
        """How often each code was reported."""
        return self.report.get("codes", {})

    @property
    def issues(self) -> list[tuple[str, int, str]]:
        """The file, the line and the code (of a transcript: what to do) of each issue."""
        issues = self.report.get("issues", [])
        return [(each["file"], each["line"], each["code"] if "code" in each else each["todo"]) for each in issues]

    @property
    def coded(self) -> list[tuple[str | None, str]]:
        """The source id and the code of each issue."""
        return [(each["source_id"], each["code"]) for each in self.report.get("issues", [])]


def run_case(name: str, organization, *, last: bool = False) -> list[Run]:
    """Run the commands of a case for the organization, one after the other, or only the last one."""
    if not CASES.is_dir():
        pytest.skip("no import cases: they lie beside the clinical sample data, CHARTERO_FHIR_SAMPLES")
    commands = json.loads((CASES / name / "cmd.json").read_text())
    chosen = commands[-1:] if last else commands
    return [_run(CASES / name, path, options, organization) for path, *options in chosen]


def rows() -> dict[str, dict[str, Any]]:
    """Return the rows that may be served, by type and source id: those that are not withdrawn.

    Beside its own values an encounter has the source id of its patient, a document that of its encounter.
    """
    records = SourceRecord.objects.select_related("patient", "encounter", "document")
    found = ((each, each.patient or each.encounter or each.document) for each in records)
    return {
        f"{record.resource_type}/{record.source_id}": _values(row)
        for record, row in found
        if row is not None and row.withdrawn_at is None
    }


def _run(folder: Path, path: str, options: list[str], organization) -> Run:
    prefix, _, name = path.rpartition(":")
    out = StringIO()
    arguments = ["--organization", organization.public_id, "--record-class", "clinical", *options, "--json"]
    try:
        call_command(COMMANDS[prefix], str(folder / name), *arguments, stdout=out, stderr=StringIO())
    except CommandError as fault:
        return Run(fault.returncode, str(fault), json.loads(out.getvalue() or "{}"))
    return Run(0, "", json.loads(out.getvalue()))


def _values(row) -> dict[str, Any]:
    values = {each.name: getattr(row, each.name) for each in row._meta.concrete_fields}
    for parent in ("patient", "encounter"):
        if values.get(parent) is not None:
            values[parent] = values[parent].source_record.source_id
    return values
