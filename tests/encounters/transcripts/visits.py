"""Invented lines of the JSON format, and files with them."""

import gzip
import json
from pathlib import Path

NEWER = {"updated_at": "2099-01-01T00:00:00Z"}
TURNS = [
    {"speaker": "Doctor", "start": 0, "end": 2.5, "text": "An invented question?"},
    {"speaker": "Patient", "start": 2.25, "end": 4.125, "text": "An invented answer."},
]


def visit(*documents, patient="p1", **members) -> dict:
    described = patient and {"id": patient, "first_name": "Ina", "last_name": "Example", "date_of_birth": "1970-02-03"}
    return {"encounter": encounter(), "patient": described, "documents": list(documents)} | members


def encounter(source_id="e1", **members) -> dict:
    return {"id": source_id, "status": "completed", "date_of_service": "2026-05-25T14:00:00Z"} | members


def note(source_id="n1", **members) -> dict:
    return {
        "id": source_id,
        "schema_type": "document",
        "title": "Note",
        "status": "completed",
        "content": "An invented *note*.",
    } | members


def transcript(source_id="t1", **members) -> dict:
    return {
        "id": source_id,
        "schema_type": "ambient_transcript",
        "title": "Ambient transcript",
        "status": "completed",
        "workflow_variant": "ambient",
        "provider": "An invented machine",
        "audio_duration_seconds": 4.125,
        "turns": TURNS,
    } | members


def write(path: Path, *lines) -> Path:
    """Write one line for each value; bytes are written unchanged."""
    content = b"".join((each if isinstance(each, bytes) else json.dumps(each).encode()) + b"\n" for each in lines)
    path.write_bytes(gzip.compress(content) if path.suffix == ".gz" else content)
    return path
