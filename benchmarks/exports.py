"""Exports for measurements of imports: invented ones, and later ones in which every resource has changed."""

import gzip
import json
from base64 import b64encode
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

ENCOUNTERS, OF_A_PATIENT = 20_000, 30
NOTE = b64encode(b"An invented note, about as long as short ones are. " * 20).decode()
START = datetime(2026, 1, 1, 8, tzinfo=UTC)
FIRST, LATER = "2026-06-01T00:00:00Z", "2199-01-01T00:00:00Z"
CHANGES: dict[str, dict[str, Any]] = {
    "Patient": {"name": [{"family": "Changed", "given": ["Invented"]}]},
    "Encounter": {"status": "cancelled"},
    "DocumentReference": {"description": "Changed note"},
    "Organization": {},
}
AMBULATORY = {"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "AMB"}


def patients(count: int) -> Iterator[dict[str, Any]]:
    """Invent patients."""
    for number in range(count):
        name = [{"family": f"Example{number}", "given": ["Invented"]}]
        yield {"id": f"p{number}", "name": name, "birthDate": f"{1930 + number % 80}-02-03"}


def encounters(count: int) -> Iterator[dict[str, Any]]:
    """Invent encounters."""
    for number in range(count):
        period = {"start": (START + timedelta(minutes=number)).isoformat()}
        subject = {"reference": f"Patient/p{number // OF_A_PATIENT}"}
        yield {"id": f"e{number}", "status": "finished", "class": AMBULATORY, "subject": subject, "period": period}


def notes(count: int) -> Iterator[dict[str, Any]]:
    """Invent a note for each encounter."""
    for number in range(count):
        facts = {"status": "current", "docStatus": "final", "description": "Note", "date": FIRST}
        content = [{"attachment": {"contentType": "text/plain", "data": NOTE}}]
        context = {"encounter": [{"reference": f"Encounter/e{number}"}]}
        yield {"id": f"d{number}", "content": content, "context": context, **facts}


def invented(folder: Path, count: int) -> Path:
    """Write an export with as many encounters, a patient to each thirty, and a note to each."""
    folder.mkdir()
    resources = {"Patient": patients(-(-count // OF_A_PATIENT)), "Encounter": encounters(count)}
    for name, found in (resources | {"DocumentReference": notes(count)}).items():
        with gzip.open(folder / f"{name}.ndjson.gz", "wt", compresslevel=1) as file:
            file.writelines(json.dumps({"resourceType": name} | each) + "\n" for each in found)
    return told(folder, FIRST)


def changed(export: Path, folder: Path) -> Path:
    """Write the NDJSON files of an export as they are later, with another value in each resource."""
    folder.mkdir()
    for number, path in enumerate(sorted(export.glob("*.ndjson*"))):
        opened: Any = gzip.open if path.suffix == ".gz" else open
        with opened(path, "rt") as lines:
            resources = [found for line in lines if (found := json.loads(line)).get("resourceType") in CHANGES]
        if resources:
            name = resources[0]["resourceType"]
            with gzip.open(folder / f"{name}.{number}.ndjson.gz", "wt", compresslevel=1) as file:
                file.writelines(json.dumps(each | CHANGES[name] | {"meta": {}}) + "\n" for each in resources)
    return told(folder, LATER)


def told(folder: Path, moment: str) -> Path:
    """Write the manifest of a folder, and return the folder."""
    output = [{"type": path.name.split(".")[0], "url": path.name} for path in sorted(folder.glob("*.ndjson.gz"))]
    (folder / "manifest.json").write_text(json.dumps({"transactionTime": moment, "output": output}))
    return folder
