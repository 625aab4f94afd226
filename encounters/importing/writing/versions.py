"""Decide which of two versions of a resource wins: the one in the database or the incoming one.

The database stores the time of a version in microseconds. Some servers give more digits; they are stored at the end of
the fingerprint.
"""

from dataclasses import dataclass
from datetime import datetime

from encounters.importing.codes import ImportOutcome

DIGEST, MOST_DIGITS, BEYOND = 47, 16, "."  # together they fill the column of 64 characters


def fingerprint(digest: str, finer: str) -> str:
    """Return the fingerprint of a version whose time has these digits after the microseconds."""
    return f"{digest[:DIGEST]}{BEYOND}{finer[:MOST_DIGITS]}" if finer else digest


class Fingerprinted:
    """A version with its fingerprint."""

    __slots__ = ()
    fingerprint: str

    @property
    def digest(self) -> str:
        """Return the part of the fingerprint that depends on the values only, not on the time."""
        return self.fingerprint.partition(BEYOND)[0][:DIGEST]

    @property
    def finer(self) -> str:
        """Return the digits after the microseconds."""
        return self.fingerprint.partition(BEYOND)[2]


@dataclass(frozen=True, slots=True)
class Incoming(Fingerprinted):
    """An incoming version: when it was last updated, and when its export was made. Both can be unknown."""

    version: datetime | None
    transaction_time: datetime | None
    fingerprint: str
    withdrawn: bool = False
    deletion: bool = False

    @property
    def moment(self) -> datetime | None:
        """Return the time for which this version is known to be right."""
        return self.version or self.transaction_time


@dataclass(frozen=True, slots=True)
class Known(Fingerprinted):
    """The version in the database."""

    version: datetime | None
    as_of: datetime
    fingerprint: str
    withdrawn: bool

    @property
    def moment(self) -> datetime:
        """Return the time for which this version is right."""
        return self.version or self.as_of


def judge(known: Known, incoming: Incoming) -> ImportOutcome:
    """Return the outcome for a resource that is already in the database."""
    versioned = known.version is not None and incoming.version is not None
    newer = is_newer(known, incoming)
    if known.digest == incoming.digest:
        return ImportOutcome.UPDATED if versioned and newer and not incoming.withdrawn else ImportOutcome.UNCHANGED
    if newer:
        return ImportOutcome.WITHDRAWN if incoming.withdrawn else ImportOutcome.UPDATED
    if known.withdrawn or incoming.deletion:
        return ImportOutcome.STALE
    if not versioned:
        return ImportOutcome.CONFLICT_NO_VERSION
    is_same = (incoming.version, incoming.finer) == (known.version, known.finer)
    return ImportOutcome.CONFLICT_SAME_VERSION if is_same else ImportOutcome.STALE


def is_newer(known: Known, incoming: Incoming) -> bool:
    """Return True if the incoming version is known to be newer.

    Among versions of the same moment, a deletion wins. A deletion without a time takes effect now.
    """
    if incoming.moment is None:
        return incoming.deletion
    if incoming.moment == known.moment:
        return incoming.deletion or incoming.finer > known.finer
    return incoming.moment > known.moment
