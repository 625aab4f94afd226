"""One call under `/external/` from arrival to answer: what the ledger will record beside the answer itself."""

import time
from dataclasses import dataclass, field
from typing import Any

from partners.decision.policy import AccessRequest
from partners.identifiers import IdsInRuns

_PLACE = "partners.api.exchange"
_new_id = IdsInRuns("req")


@dataclass(slots=True)
class Exchange:
    """The id and the start of a call, its facts once they are read, and its query in normal form once it is valid.

    `counted`: the call is counted against the limits, and is not counted again if it is answered a second time.
    """

    request_id: str = field(default_factory=_new_id)
    started: float = field(default_factory=time.perf_counter)
    call: AccessRequest | None = None
    query: str = ""
    counted: bool = False

    @classmethod
    def begin(cls, request: Any) -> "Exchange":
        """Attach a new exchange to one of Django's requests, and return it."""
        exchange = cls()
        request.META[_PLACE] = exchange
        return exchange

    @classmethod
    def of(cls, request: Any) -> "Exchange":
        """Return the exchange of a request, Django's or DRF's; raise KeyError if there is none."""
        exchange: Exchange = request.META[_PLACE]
        return exchange

    def forget(self) -> None:
        """Drop what was read, before the same call is answered a second time."""
        self.call, self.query = None, ""

    @property
    def elapsed_microseconds(self) -> int:
        return round((time.perf_counter() - self.started) * 1_000_000)
