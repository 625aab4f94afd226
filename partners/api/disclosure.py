"""What an answer discloses: the only kind of answer with data, which the ledger can therefore always account for."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from rest_framework.response import Response


@dataclass(frozen=True, slots=True)
class Disclosure:
    """Whose data a body holds, by primary keys: encounters, their patients, and the document of a document route."""

    encounters: Sequence[int]
    patients: Sequence[int]
    document: int | None = None


class Disclosing(Response):
    """A 200 with its data and what they disclose."""

    def __init__(self, data: Any, disclosure: Disclosure) -> None:
        super().__init__(data)
        self.disclosure = disclosure
