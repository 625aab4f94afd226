"""Invented resources, and files with them."""

import base64
import gzip
import json
from pathlib import Path


def patient(source_id="p1", **elements) -> dict:
    name = [{"use": "official", "family": "Example", "given": ["Ina", "Vera"]}]
    return {"resourceType": "Patient", "id": source_id, "name": name, "birthDate": "1970-02-03"} | elements


def encounter(source_id="e1", patient="Patient/p1", **elements) -> dict:
    subject = {} if patient is None else {"subject": {"reference": patient}}
    period = {"start": "2026-05-25T10:00:00-04:00"}
    return {"resourceType": "Encounter", "id": source_id, "status": "finished", "period": period} | subject | elements


def document(source_id="d1", encounter="Encounter/e1", text="An invented note.", **elements) -> dict:
    return {
        "resourceType": "DocumentReference",
        "id": source_id,
        "status": "current",
        "docStatus": "final",
        "description": "Note",
        "date": "2026-05-25T11:00:00Z",
        "context": {"encounter": [{"reference": encounter}]} if encounter else {},
        "content": [{"attachment": attachment(text)}],
    } | elements


def transcript(source_id="t1", **elements) -> dict:
    return document(source_id, content=[{"attachment": {"contentType": "audio/wav"}}], **elements)


def organization(source_id="o1", name="Invented Clinic", **elements) -> dict:
    return {"resourceType": "Organization", "id": source_id, "name": name} | elements


def attachment(content="An invented note.", content_type="text/plain", **elements) -> dict:
    raw = content if isinstance(content, bytes) else content.encode()
    return {"contentType": content_type, "data": base64.b64encode(raw).decode()} | elements


def updated(moment: str) -> dict:
    return {"meta": {"lastUpdated": moment}}


def labelled(code="HTEST") -> dict:
    return {"meta": {"security": [{"code": code}]}}


def deletion(url: str) -> dict:
    return {"request": {"method": "DELETE", "url": url}}


def bundle(*entries, kind="transaction") -> dict:
    return {"resourceType": "Bundle", "type": kind, "entry": list(entries)}


def ndjson(*resources) -> bytes:
    return b"".join((each if isinstance(each, bytes) else json.dumps(each).encode()) + b"\n" for each in resources)


def write(folder: Path, *resources, zipped=False) -> Path:
    """Write a folder without a manifest: a file for each type."""
    folder.mkdir(exist_ok=True)
    for name in {each["resourceType"] for each in resources}:
        content = ndjson(*(each for each in resources if each["resourceType"] == name))
        path = folder / f"{name}.000.ndjson{'.gz' if zipped else ''}"
        path.write_bytes(gzip.compress(content) if zipped else content)
    return folder


def write_bulk(folder: Path, *resources, time="2026-06-01T00:00:00Z", deleted=(), zipped=False) -> Path:
    """Write a Bulk Data folder, its manifest's urls without `.gz`."""
    write(folder, *resources, zipped=zipped)
    (folder / "deleted.ndjson").write_bytes(ndjson(bundle(*map(deletion, deleted))))
    names = sorted({each["resourceType"] for each in resources})
    output = [{"type": name, "url": f"https://example.org/files/{name}.000.ndjson"} for name in names]
    gone = [{"type": "Bundle", "url": "deleted.ndjson"}] if deleted else []
    (folder / "manifest.json").write_text(json.dumps({"transactionTime": time, "output": output, "deleted": gone}))
    return folder
