"""Which of two versions of a resource holds: the one in the database, or the one that comes in."""

from dataclasses import dataclass
from datetime import datetime

from encounters.fhir.codes import Outcome


@dataclass(frozen=True, slots=True)
class Incoming:
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
class Known:
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
    if known.fingerprint == incoming.fingerprint:
        return Outcome.UPDATED if versioned and newer and not incoming.withdrawn else Outcome.UNCHANGED
    if newer:
        return Outcome.WITHDRAWN if incoming.withdrawn else Outcome.UPDATED
    if known.withdrawn or incoming.deletion:
        return Outcome.STALE
    if not versioned:
        return Outcome.CONFLICT_NO_VERSION
    return Outcome.CONFLICT_SAME_VERSION if incoming.version == known.version else Outcome.STALE


def is_newer(known: Known, incoming: Incoming) -> bool:
    """Tell whether the incoming version is known to be the newer one; of the same moment, a deletion is the last word.

    A deletion that tells no time holds as of now.
    """
    if incoming.moment is None:
        return incoming.deletion
    return incoming.moment > known.moment or (incoming.deletion and incoming.moment == known.moment)
