"""The calls in the reference. `tests/server/test_examples.py` runs them."""

import pytest

from chartero.docs.examples import Language
from chartero.docs.reference import calls

PATH = "/external/v1/encounters/{encounter_id}/documents/{document_id}"


@pytest.mark.parametrize(
    ("language", "address"),
    [
        (Language.CURL, '"$CHARTERO_URL/external/v1/encounters/$ENCOUNTER_ID/documents/$DOCUMENT_ID"'),
        (Language.PYTHON, '"{CHARTERO_URL}/external/v1/encounters/{ENCOUNTER_ID}/documents/{DOCUMENT_ID}"'),
        (
            Language.JAVASCRIPT,
            "`${env.CHARTERO_URL}/external/v1/encounters/${env.ENCOUNTER_ID}/documents/${env.DOCUMENT_ID}`",
        ),
    ],
)
def test_a_call_reads_the_ids_of_its_path_from_the_environment(language, address):
    (text,) = (each.text for each in calls.of(PATH) if each.language is language)
    assert address in text


def test_the_variables_of_a_call_are_the_ids_of_its_path():
    assert calls.variables(PATH) == ["ENCOUNTER_ID", "DOCUMENT_ID"]
    assert calls.variables("/external/v1/encounters") == []


def test_there_is_a_call_in_every_language():
    assert [each.language for each in calls.of("/external/v1/encounters")] == list(Language)
