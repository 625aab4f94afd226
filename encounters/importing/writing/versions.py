"""Which of two versions of a resource holds: the one in the database, or the one that comes in.

The database keeps a version's time to the microsecond. Some servers tell more digits; those are kept at the end of the
fingerprint.
"""

from dataclasses import dataclass
from datetime import datetime

from encounters.importing.codes import Outcome

DIGEST, MOST_DIGITS, BEYOND = 47, 16, "."


def fingerprint(digest: str, finer: str) -> str:
    """Return the fingerprint of a version whose time has these digits beyond the microsecond."""
    return f"{digest[:DIGEST]}{BEYOND}{finer[:MOST_DIGITS]}" if finer else digest


class Fingerprinted:
    """A version with its fingerprint."""

    __slots__ = ()
    fingerprint: str

    @property
    def digest(self) -> str:
        """Return what two versions of the same values have in common, whatever their times."""
        return self.fingerprint.partition(BEYOND)[0][:DIGEST]

    @property
    def finer(self) -> str:
        """Return the digits beyond the microsecond."""
        return self.fingerprint.partition(BEYOND)[2]


@dataclass(frozen=True, slots=True)
class Incoming(Fingerprinted):
    """A version that comes in: when it was last updated, else when its export was made; both may be unknown."""

    version: datetime | None
    transaction_time: datetime | None
    fingerprint: str
    withdrawn: bool = False
    deletion: bool = False

    @property
    def moment(self) -> datetime | None:
        """Return the latest time of which this is known to tell."""
        return self.version or self.transaction_time


@dataclass(frozen=True, slots=True)
class Known(Fingerprinted):
    """The version that the database holds."""

    version: datetime | None
    as_of: datetime
    fingerprint: str
    withdrawn: bool

    @property
    def moment(self) -> datetime:
        """Return the time of which this tells."""
        return self.version or self.as_of


def judge(known: Known, incoming: Incoming) -> Outcome:
    """Return what is to become of a resource that the database knows already."""
    versioned = known.version is not None and incoming.version is not None
    newer = is_newer(known, incoming)
    if known.digest == incoming.digest:
        return Outcome.UPDATED if versioned and newer and not incoming.withdrawn else Outcome.UNCHANGED
    if newer:
        return Outcome.WITHDRAWN if incoming.withdrawn else Outcome.UPDATED
    if known.withdrawn or incoming.deletion:
        return Outcome.STALE
    if not versioned:
        return Outcome.CONFLICT_NO_VERSION
    is_same = (incoming.version, incoming.finer) == (known.version, known.finer)
    return Outcome.CONFLICT_SAME_VERSION if is_same else Outcome.STALE


def is_newer(known: Known, incoming: Incoming) -> bool:
    """Return True if the incoming version is known to be the newer one.

    Of the same moment, a deletion is the last word. A deletion that tells no time holds as of now.
    """
    if incoming.moment is None:
        return incoming.deletion
    if incoming.moment == known.moment:
        return incoming.deletion or incoming.finer > known.finer
    return incoming.moment > known.moment
