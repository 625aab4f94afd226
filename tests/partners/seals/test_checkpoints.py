"""A checkpoint that was kept elsewhere shows that a chain was cut or written again."""

import json

import pytest
from django.db import connection

from partners.models import Seal
from partners.seals.checkpoints import NAMES, Checkpoint, InvalidCheckpoint
from tests.partners.support.sealed import as_owner, run_sql, sealed_record

pytestmark = pytest.mark.django_db


@pytest.fixture
def checkpoint() -> Checkpoint:
    return sealed_record().checkpoint


def fault(checkpoint: Checkpoint) -> str:
    return str(checkpoint.fault())


def test_a_checkpoint_comes_back_from_its_text(checkpoint):
    assert Checkpoint.read(checkpoint.text()) == checkpoint
    assert (checkpoint.number, checkpoint.key_number, checkpoint.fault()) == (6, 1, None)
    assert list(json.loads(checkpoint.text())) == [*NAMES, "signature"]


def test_the_checkpoint_of_an_earlier_seal_is_in_the_chain(checkpoint):
    assert Checkpoint.of(Seal.objects.get(number=2)).fault() is None


def test_a_checkpoint_that_nobody_signed_proves_nothing(checkpoint, settings):
    forged = Checkpoint([*checkpoint.fields[:5], "2", *checkpoint.fields[6:]], checkpoint.signature)
    assert fault(forged) == "seals: the checkpoint is not signed with a key that is loaded"
    settings.SEAL_KEYS = ""
    settings.SEAL_KEYS_FILE = ""
    assert fault(checkpoint) == "seals: the checkpoint is not signed with a key that is loaded"


def test_a_seal_that_cannot_be_read_is_not_the_one_of_the_checkpoint(checkpoint):
    moment = "'infinity'" if connection.vendor == "postgresql" else "7"
    as_owner(lambda: run_sql(f"UPDATE partners_seal SET sealed_at = {moment} WHERE number = 6"))
    assert fault(checkpoint) == "seals: seal 6 is not the one of the checkpoint"


@pytest.mark.parametrize(
    "text",
    ["", "no JSON", "[]", "{}", "7", '"text"', "[" * 100_000],
)
def test_a_text_that_is_no_checkpoint_is_refused(text):
    with pytest.raises(InvalidCheckpoint):
        Checkpoint.read(text)


DAMAGED = [
    {"number": 6},
    {"number": "six"},
    {"number": "9" * 20},
    {"key_number": "9" * 5_000},
    {"key_number": "٣"},
    {"signature": "no hex"},
]


@pytest.mark.parametrize("change", DAMAGED)
def test_a_checkpoint_with_a_damaged_field_is_refused(checkpoint, change):
    with pytest.raises(InvalidCheckpoint):
        Checkpoint.read(json.dumps(checkpoint.facts() | change))
