"""Seals: signed blocks over ranges of the record that are complete, in one chain. No row of the record is changed."""

import struct
from collections.abc import Iterator
from datetime import UTC, datetime
from hashlib import sha256
from typing import NamedTuple

from django import db
from django.db import models

from partners.formats import damaged
from partners.formats.framing import framed

DOMAIN, VERSION = "chartero seal", "1"
FULL = 10_000  # rows; a seal with fewer has all rows that could be sealed then
NO_SEAL = bytes(32)  # stands for the digest of the seal before the first
_ENTRY = struct.Struct(">qq32s")


class SealedRow(NamedTuple):
    """What a seal keeps of a row: its id, its time in microseconds since 1970, the SHA-256 of its canonical form."""

    id: int
    moment: int
    digest: bytes

    def packed(self) -> bytes:
        """Return the row as a leaf of the Merkle tree."""
        return _ENTRY.pack(*self)


class SealQuerySet(models.QuerySet["Seal"]):
    """Seals in the order of the chain."""

    def newest(self) -> "Seal | None":
        """Return the last seal of the chain, without its rows."""
        return self.defer("rows").order_by("-number").first()

    def last_number(self) -> int:
        """Return the number of the last seal, 0 without one. SQLite can hold texts too, which are above all numbers."""
        last = self.filter(number__lte=models.BigIntegerField.MAX_BIGINT).aggregate(last=models.Max("number"))["last"]
        return int(last or 0)

    def last_of(self, table: str) -> "Seal | None":
        """Return the last seal of a table, without its rows."""
        return self.defer("rows").filter(table=table).order_by("-last_id").first()

    def readable(self, number: int) -> "Seal | None":
        """Return the seal with this number, or None if there is none, or if its values can't be read."""
        try:
            with damaged.readable():
                seal = self.filter(number=number).first()
        except (db.DataError, ValueError):
            return None
        return seal if seal and seal.is_readable else None


class Seal(models.Model):
    """One signed block: which rows of one table existed, and their digests. Triggers refuse to alter or delete it.

    It covers every id of `table` from `first_id` to `last_id`, whether or not there is a row with it. `first_id` is the
    id after the last seal of the same table. The signature is over `statement()`, which has the digest of the seal
    before it, of any table.
    """

    number = models.BigIntegerField(primary_key=True)
    sealed_at = models.DateTimeField()
    table = models.CharField(max_length=20)
    form = models.PositiveSmallIntegerField("version of the canonical form")
    first_id = models.BigIntegerField()
    last_id = models.BigIntegerField()
    count = models.PositiveIntegerField()
    root = models.BinaryField(max_length=32)
    previous = models.BinaryField(max_length=32)
    key_number = models.PositiveSmallIntegerField()
    signature = models.BinaryField(max_length=64)
    rows = models.BinaryField("the sealed rows, packed one after the other")

    objects = SealQuerySet.as_manager()

    class Meta:
        ordering = ["-number"]
        default_permissions = ("view",)
        constraints = [
            models.UniqueConstraint(fields=["table", "first_id"], name="seal_begins_once"),
            models.UniqueConstraint(fields=["table", "last_id"], name="seal_ends_once"),
        ]
        indexes = [models.Index(fields=["table", "count"], name="seal_counts")]  # to add up rows without reading seals

    def __str__(self) -> str:
        return f"seal {self.number}"

    @property
    def is_readable(self) -> bool:
        """Return True if each value has its type. Whoever owns a SQLite file can store anything in any column."""
        numbers = (self.number, self.form, self.first_id, self.last_id, self.count, self.key_number)
        blobs = (self.root, self.previous, self.signature, self.rows)
        return (
            isinstance(self.sealed_at, datetime)
            and isinstance(self.table, str)
            and all(isinstance(number, int) for number in numbers)
            and all(isinstance(blob, bytes | memoryview) for blob in blobs)
        )

    def fields(self) -> list[str]:
        """Return what is signed, as texts."""
        return [
            DOMAIN,
            VERSION,
            str(self.number),
            self.sealed_at.astimezone(UTC).isoformat(timespec="microseconds"),
            self.table,
            str(self.form),
            str(self.first_id),
            str(self.last_id),
            str(self.count),
            bytes(self.root).hex(),
            bytes(self.previous).hex(),
            str(self.key_number),
        ]

    def statement(self) -> bytes:
        return framed(self.fields())

    def digest(self) -> bytes:
        return sha256(self.statement()).digest()

    def sealed_rows(self) -> Iterator[SealedRow]:
        """Return the rows; struct.error if their bytes are damaged."""
        return map(SealedRow._make, _ENTRY.iter_unpack(bytes(self.rows)))

    @property
    def is_full(self) -> bool:
        """Return True if rows that could be sealed may have been left to the next seal."""
        return self.count >= FULL
