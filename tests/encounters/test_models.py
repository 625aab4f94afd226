"""Clinical records as text: none of them contains a patient's name."""

import pytest
from django.db import IntegrityError, transaction

from encounters.models import Document, Encounter, Patient, SourceRecord
from tests.factories import DocumentFactory


def test_a_row_is_named_only_by_its_id():
    assert str(Patient(public_id="pat_x", last_name="Invented")) == "pat_x"
    assert str(Encounter(public_id="enc_x")) == "enc_x"
    assert str(Document(public_id="doc_x", title="Invented")) == "doc_x"
    assert str(SourceRecord(resource_type="Patient", source_id="7")) == "Patient/7"


def test_a_duration_is_not_negative(db):
    DocumentFactory(audio_duration_seconds=0)
    with pytest.raises(IntegrityError, match=r"(?i)check constraint"), transaction.atomic():
        DocumentFactory(audio_duration_seconds=-0.001)
