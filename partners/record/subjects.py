"""Public ids of what was disclosed. The ledger stores primary keys; the app that owns the rows registers its models."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import Enum, auto
from typing import Any


class Subject(Enum):
    """The kinds of rows that an answer can disclose."""

    ENCOUNTER = auto()
    PATIENT = auto()
    DOCUMENT = auto()


# A Django model with a `public_id` for each kind. Filled while the applications start.
_MODELS: dict[Subject, Any] = {}


@dataclass(frozen=True, slots=True)
class Restricted:
    """A restriction of a patient's record: of what, from when on, until when if it has a date, and its end."""

    public_id: str
    since: datetime
    until: datetime | None
    ended_at: datetime | None


Restrictions = Callable[[int], list[Restricted]]
_RESTRICTIONS: list[Restrictions] = []


def register_restrictions(restrictions: Restrictions) -> None:
    """Use this function to find the restrictions of a patient, of their encounters and of their documents."""
    _RESTRICTIONS.append(restrictions)


def restrictions_of(patient: int) -> list[Restricted]:
    """Return what was restricted of a patient's record, from the oldest."""
    return _RESTRICTIONS[-1](patient)


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
