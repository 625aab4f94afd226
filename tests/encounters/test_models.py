"""Clinical records as text: none of them contains a patient's name."""

from encounters.models import Document, Encounter, Patient, SourceRecord


def test_a_row_is_named_only_by_its_id():
    assert str(Patient(public_id="pat_x", last_name="Invented")) == "pat_x"
    assert str(Encounter(public_id="enc_x")) == "enc_x"
    assert str(Document(public_id="doc_x", title="Invented")) == "doc_x"
    assert str(SourceRecord(resource_type="Patient", source_id="7")) == "Patient/7"
