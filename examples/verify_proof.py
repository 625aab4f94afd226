#!/usr/bin/env python3
"""Verify what `manage.py export_proof` wrote. Needs only Python 3.11 and its library cryptography.

    python3 verify_proof.py FOLDER --key 1:BASE64 --checkpoint FILE

Take the public keys from somebody you trust, not from the folder. Each seal must be signed, and name the one before it.
Each row must have the digest that its seal has for it. With --checkpoint, the chain must contain a checkpoint that you
were given earlier: without it, nobody can tell whether newer seals were left out. Rows that are in a seal but not in
the folder were pruned or removed, and are counted. Compare the period that is printed at the end with the one that you
asked for. Exits with code 1 at the first thing that is wrong.
"""

import argparse
import base64
import hashlib
import json
import struct
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

# What a seal signs, in this order.
NAMES = (
    *("what", "version", "number", "sealed_at", "table", "form", "first_id", "last_id", "count"),
    *("root", "previous", "key_number"),
)
Seal = dict[str, Any]
Keys = dict[str, Ed25519PublicKey]


def framed(fields: Iterable[str | None]) -> bytes:
    """Return each field as 0x01, the length of its UTF-8 in four bytes, and its UTF-8; null as 0x00."""
    texts = [None if field is None else field.encode("utf-8", "surrogatepass") for field in fields]
    return b"".join(b"\x00" if text is None else b"\x01" + len(text).to_bytes(4) + text for text in texts)


def merkle_root(leaves: list[bytes]) -> bytes:
    """Return the hash of RFC 9162, section 2.1.1."""
    if not leaves:
        return hashlib.sha256().digest()
    if len(leaves) == 1:
        return hashlib.sha256(b"\x00" + leaves[0]).digest()
    split = 1 << (len(leaves) - 1).bit_length() - 1
    return hashlib.sha256(b"\x01" + merkle_root(leaves[:split]) + merkle_root(leaves[split:])).digest()


def stop(seal: Seal, what: str) -> None:
    """End with what is wrong."""
    sys.exit(f"seal {seal['number']}: {what}")


def statement(seal: Seal) -> bytes:
    """Return what a seal signs."""
    return framed(seal[name] for name in NAMES)


def verify_signature(seal: Seal, keys: Keys) -> None:
    """Require that the seal is signed with the key that it names."""
    if seal["key_number"] not in keys:
        stop(seal, f"it is signed with key {seal['key_number']}, which was not given")
    try:
        keys[seal["key_number"]].verify(bytes.fromhex(seal["signature"]), statement(seal))
    except InvalidSignature:
        stop(seal, "its signature is wrong")


def verify_place(seal: Seal, before: Seal | None) -> None:
    """Require that the seal continues the chain."""
    if before is None:
        return
    digest = hashlib.sha256(statement(before)).hexdigest()
    if int(seal["number"]) != int(before["number"]) + 1 or seal["previous"] != digest:
        stop(seal, "it does not continue the chain")


def verify_rows(seal: Seal, rows: list[list[str | None]]) -> int:
    """Require that these are the rows of the seal, and return how many others it has."""
    packed = [struct.pack(">qq32s", pk, moment, bytes.fromhex(digest)) for pk, moment, digest in seal["rows"]]
    if merkle_root(packed).hex() != seal["root"] or len(packed) != int(seal["count"]):
        stop(seal, "its rows are not those that it signs")
    digests = {pk: digest for pk, _, digest in seal["rows"]}
    for texts in rows:
        row = int(texts[0] or 0)
        if digests.pop(row, None) != hashlib.sha256(framed([seal["table"], seal["form"], *texts])).hexdigest():
            stop(seal, f"row {row} is not what was sealed")
    return len(digests)


class Found:
    """Which seals the folder has: the first, those with rows, and the one of the checkpoint."""

    def __init__(self, checkpoint: Seal | None) -> None:
        self.checkpoint = checkpoint
        self.contains_checkpoint = False
        self.first: Seal | None = None
        self.last_with_rows: Seal | None = None
        self.is_past_rows = False

    def add(self, seal: Seal) -> None:
        """Add the next seal. From the first on, each seal of its table has rows until the period ends."""
        self.first = self.first or seal
        if seal["rows"] is None:
            self.is_past_rows |= seal["table"] == self.first["table"]
        elif self.is_past_rows or seal["table"] != self.first["table"]:
            stop(seal, "its rows do not follow those of the first seal: some were left out")
        else:
            self.last_with_rows = seal
        self.contains_checkpoint |= self.checkpoint is not None and statement(seal) == statement(self.checkpoint)

    def require_checkpoint(self) -> None:
        """Require that the chain contains the checkpoint, if one was given."""
        if self.checkpoint is None or self.contains_checkpoint:
            return
        number, first = self.checkpoint["number"], self.first["number"] if self.first else "0"
        if int(number) < int(first):
            sys.exit(f"the checkpoint, seal {number}, is older than the first seal here, {first}: give a newer one")
        sys.exit(f"the chain does not contain the checkpoint, seal {number}")

    def period(self) -> str:
        """Return of which seals the folder has the rows."""
        if self.first is None or self.last_with_rows is None:
            return "No seal has rows here."
        first, last = self.first, self.last_with_rows
        return (
            f"The rows are those of {first['table']} from seal {first['number']}, made {first['sealed_at']}, "
            f"to seal {last['number']}, made {last['sealed_at']}."
        )


def rows_by_seal(file: Path) -> Iterator[tuple[str, list[list[str | None]]]]:
    """Yield the number of each seal that has rows, with its rows."""
    number, rows = "", []
    with file.open() as lines:
        for row in map(json.loads, lines):
            if str(row["seal"]) != number and number:
                yield number, rows
                rows = []
            number = str(row["seal"])
            rows.append(row["texts"])
    yield number, rows


def chain(folder: Path, keys: Keys) -> Iterator[Seal]:
    """Yield the seals, each signed and after the one that it names."""
    before = None
    with (folder / "seals.jsonl").open() as lines:
        for seal in map(json.loads, lines):
            verify_signature(seal, keys)
            verify_place(seal, before)
            yield seal
            before = seal


def verify(folder: Path, keys: Keys, checkpoint: Seal | None) -> str:
    """Verify the whole proof, and return what it proves."""
    rows, seals, proved, missing = rows_by_seal(folder / "rows.jsonl"), 0, 0, 0
    found = Found(checkpoint)
    number, of_seal = next(rows)
    for seal in chain(folder, keys):
        found.add(seal)
        if seal["rows"] is not None:
            given = of_seal if seal["number"] == number else []
            missing, proved = missing + verify_rows(seal, given), proved + len(given)
            number, of_seal = next(rows, ("", [])) if seal["number"] == number else (number, of_seal)
        seals += 1
    if number:
        sys.exit(f"rows of seal {number} have no seal")
    found.require_checkpoint()
    counted = f"{seals} seals and {proved} rows are as they were sealed; {missing} rows of these seals are not here."
    return f"{counted} {found.period()}"


def main() -> None:
    """Read the command line, and verify."""
    parser = argparse.ArgumentParser(description="Verify seals and rows of the record.")
    parser.add_argument("folder", type=Path, help="what export_proof wrote")
    parser.add_argument("--key", action="append", required=True, help="NUMBER:BASE64 of a public key; may be repeated")
    parser.add_argument("--checkpoint", type=Path, help="a checkpoint that you were given earlier")
    options = parser.parse_args()
    given = dict(text.split(":", 1) for text in options.key)
    keys = {number: Ed25519PublicKey.from_public_bytes(base64.b64decode(key)) for number, key in given.items()}
    checkpoint = json.loads(options.checkpoint.read_text()) if options.checkpoint else None
    if checkpoint:
        verify_signature(checkpoint, keys)
    sys.stdout.write(f"{verify(options.folder, keys, checkpoint)}\n")


if __name__ == "__main__":
    main()
