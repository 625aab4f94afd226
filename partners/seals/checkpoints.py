"""Checkpoints: the last seal of the chain as a text that leaves the machine, and what it says about a chain."""

import json
from dataclasses import dataclass

from partners.formats.framing import framed
from partners.keys import seal_keys
from partners.models.seal import Seal
from partners.seals.faults import SEALS, Fault, Kind

NAMES = (
    "what",
    "version",
    "number",
    "sealed_at",
    "table",
    "form",
    "first_id",
    "last_id",
    "count",
    "root",
    "previous",
    "key_number",
)
LONGEST = 19  # digits of a number


class InvalidCheckpoint(ValueError):
    """The text is not a checkpoint."""


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """What a seal signed, and its signature. It can be verified without the database."""

    fields: list[str]
    signature: bytes

    @classmethod
    def of(cls, seal: Seal) -> "Checkpoint":
        return cls(seal.fields(), bytes(seal.signature))

    @classmethod
    def read(cls, text: str) -> "Checkpoint":
        """Return the checkpoint that was written as this text; raise InvalidCheckpoint if it is none."""
        try:
            facts = json.loads(text)
            checkpoint = cls([facts[name] for name in NAMES], bytes.fromhex(facts["signature"]))
        except (ValueError, TypeError, KeyError, RecursionError):
            raise InvalidCheckpoint from None
        if not all(isinstance(field, str) for field in checkpoint.fields) or not checkpoint._has_numbers():
            raise InvalidCheckpoint
        return checkpoint

    @property
    def number(self) -> int:
        return int(self._field("number"))

    @property
    def key_number(self) -> int:
        return int(self._field("key_number"))

    @property
    def statement(self) -> bytes:
        return framed(self.fields)

    def facts(self) -> dict[str, str]:
        """Return the checkpoint as texts by name, in the order in which they are signed."""
        return dict(zip(NAMES, self.fields, strict=True)) | {"signature": self.signature.hex()}

    def text(self) -> str:
        return json.dumps(self.facts(), indent=1) + "\n"

    def fault(self) -> Fault | None:
        """Return how the chain in the database differs from this checkpoint, None if it contains it."""
        if not seal_keys.is_signed(self.statement, self.signature, self.key_number):
            return Fault(Kind.CHECKPOINT_INVALID, SEALS)
        if not Seal.objects.filter(number=self.number).exists():
            return Fault(Kind.CHAIN_SHORTER, SEALS, self.number)
        seal = Seal.objects.readable(self.number)
        is_same = seal is not None and seal.statement() == self.statement
        return None if is_same else Fault(Kind.CHAIN_REWRITTEN, SEALS, self.number)

    def _field(self, name: str) -> str:
        return self.fields[NAMES.index(name)]

    def _has_numbers(self) -> bool:
        given = [self._field(name) for name in ("number", "key_number")]
        return all(text.isascii() and text.isdigit() and len(text) <= LONGEST for text in given)
