"""The only kind of answer with data. It names what it discloses, so that the ledger can always account for it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from rest_framework.response import Response


@dataclass(frozen=True, slots=True)
class Disclosure:
    """The primary keys of what a body contains: encounters, their patients, and the document of a document route."""

    encounters: Sequence[int]
    patients: Sequence[int]
    document: int | None = None


NOTHING = Disclosure([], [])


class Disclosing(Response):
    """An answer with status 200, its data and what it discloses."""

    def __init__(self, data: Any, disclosure: Disclosure) -> None:
        super().__init__(data)
        self.disclosure = disclosure
