"""One call under `/external/` on its way through: what its answer's row in the ledger will say beside the answer."""

import time
from dataclasses import dataclass, field
from typing import Any

from partners.decision.policy import AccessRequest
from partners.identifiers import new_id

_PLACE = "partners.api.exchange"


@dataclass(slots=True)
class Exchange:
    """The id of a call, its clock, the facts of its key once they are read, and its query in normal form once valid."""

    request_id: str = field(default_factory=lambda: new_id("req"))
    started: float = field(default_factory=time.perf_counter)
    call: AccessRequest | None = None
    query: str = ""

    @classmethod
    def begin(cls, request: Any) -> "Exchange":
        """Attach a new exchange to a request of Django."""
        exchange = cls()
        request.META[_PLACE] = exchange
        return exchange

    @classmethod
    def of(cls, request: Any) -> "Exchange":
        """Return the exchange of a request, Django's or DRF's; KeyError where none has begun."""
        exchange: Exchange = request.META[_PLACE]
        return exchange

    def forget(self) -> None:
        """Drop what was read for an answer that has to be made once more."""
        self.call, self.query = None, ""

    @property
    def elapsed_microseconds(self) -> int:
        """Return the time since the call came in, in µs."""
        return round((time.perf_counter() - self.started) * 1_000_000)
