"""After an import, all candidates hold the same rows, each known by the id that its source gave it."""

import sqlite3
from contextlib import closing
from typing import Any

import psycopg

PRODUCT = {
    "patients": """
        SELECT record.source_id, first_name, last_name, date_of_birth
        FROM encounters_patient AS patient JOIN encounters_sourcerecord AS record ON record.patient_id = patient.id""",
    "encounters": """
        SELECT record.source_id, of_patient.source_id, status, date_of_service, service_provider, updated_at
        FROM encounters_encounter AS encounter
        JOIN encounters_sourcerecord AS record ON record.encounter_id = encounter.id
        LEFT JOIN encounters_sourcerecord AS of_patient ON of_patient.patient_id = encounter.patient_id""",
    "documents": """
        SELECT record.source_id, of_encounter.source_id, title, status, content, created_at, updated_at
        FROM encounters_document AS document
        JOIN encounters_sourcerecord AS record ON record.document_id = document.id
        JOIN encounters_sourcerecord AS of_encounter ON of_encounter.encounter_id = document.encounter_id""",
}
TEXTBOOK = {
    "patients": "SELECT source_id, first_name, last_name, date_of_birth FROM textbook_patient",
    "encounters": """
        SELECT encounter.source_id, patient.source_id, status, date_of_service, service_provider, encounter.updated_at
        FROM textbook_encounter AS encounter LEFT JOIN textbook_patient AS patient ON patient.id = patient_id""",
    "documents": """
        SELECT document.source_id, encounter.source_id, title, document.status, content, document.created_at,
            document.updated_at
        FROM textbook_document AS document JOIN textbook_encounter AS encounter ON encounter.id = encounter_id""",
}


def rows(url: str, statements: dict[str, str]) -> dict[str, list[Any]]:
    """Return the sorted rows of each table."""
    path = url.removeprefix("sqlite:///")
    with closing(psycopg.connect(url) if path == url else sqlite3.connect(path)) as connection:
        return {name: sorted(connection.execute(sql), key=repr) for name, sql in statements.items()}


def check(expected: dict[str, list[Any]], found: dict[str, list[Any]], name: str) -> None:
    """Stop if a candidate holds other rows than the first one. Says how many, and none of their values."""
    for table, held in expected.items():
        differing = set(held) ^ set(found[table])
        if differing or not (held or table == "documents"):
            raise SystemExit(f"{name}: {len(differing)} of {len(held)} {table} differ from those of chartero")
