"""Public ids of what was disclosed: the ledger holds primary keys, and who owns the rows lends models to name them."""

from collections.abc import Iterable
from enum import Enum, auto
from typing import Any


class Subject(Enum):
    """What an answer can disclose."""

    ENCOUNTER = auto()
    PATIENT = auto()
    DOCUMENT = auto()


# A Django model with a `public_id`, by what it is of; filled while the applications start.
_MODELS: dict[Subject, Any] = {}


def register(subject: Subject, model: Any) -> None:
    """Let the rows of `model` name a kind of subject."""
    _MODELS[subject] = model


def public_ids(subject: Subject, pks: Iterable[int]) -> dict[int, str]:
    """Return the public ids by primary key; what is no longer there is left out."""
    found = _MODELS[subject].objects.only("public_id").in_bulk(set(pks))
    return {pk: row.public_id for pk, row in found.items()}


def find(subject: Subject, public_id: str) -> int | None:
    """Return the primary key of that public id, or None."""
    pk: int | None = _MODELS[subject].objects.filter(public_id=public_id).values_list("pk", flat=True).first()
    return pk


def organization_of(patient: int) -> int:
    """Return the primary key of the organization that a patient belongs to."""
    pk: int = _MODELS[Subject.PATIENT].objects.values_list("organization_id", flat=True).get(pk=patient)
    return pk


def encounters_of(patient: int) -> dict[int, str]:
    """Return the public ids of a patient's encounters by primary key, whatever became of them."""
    return dict(_MODELS[Subject.ENCOUNTER].objects.filter(patient=patient).values_list("pk", "public_id"))
