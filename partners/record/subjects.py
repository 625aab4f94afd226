"""Public ids of what was disclosed. The ledger stores primary keys; the app that owns the rows registers its models."""

from collections.abc import Iterable
from enum import Enum, auto
from typing import Any


class Subject(Enum):
    """The kinds of rows that an answer can disclose."""

    ENCOUNTER = auto()
    PATIENT = auto()
    DOCUMENT = auto()


# A Django model with a `public_id` for each kind. Filled while the applications start.
_MODELS: dict[Subject, Any] = {}


def register(subject: Subject, model: Any) -> None:
    """Use the rows of `model` for a kind of subject."""
    _MODELS[subject] = model


def public_ids(subject: Subject, pks: Iterable[int]) -> dict[int, str]:
    """Return the public ids by primary key. Rows that no longer exist are left out."""
    found = _MODELS[subject].objects.only("public_id").in_bulk(set(pks))
    return {pk: row.public_id for pk, row in found.items()}


def find_pk(subject: Subject, public_id: str) -> int | None:
    """Return the primary key for a public id, or None."""
    pk: int | None = _MODELS[subject].objects.filter(public_id=public_id).values_list("pk", flat=True).first()
    return pk


def organization_of(patient: int) -> int:
    """Return the primary key of the organization that a patient belongs to."""
    pk: int = _MODELS[Subject.PATIENT].objects.values_list("organization_id", flat=True).get(pk=patient)
    return pk


def encounters_of(patient: int) -> dict[int, str]:
    """Return the public ids of all of a patient's encounters by primary key, also of withdrawn ones."""
    return dict(_MODELS[Subject.ENCOUNTER].objects.filter(patient=patient).values_list("pk", "public_id"))
