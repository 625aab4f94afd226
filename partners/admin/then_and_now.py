"""A call on record beside the same call now: what was answered then, and whether the answer would differ today."""

from dataclasses import dataclass

from partners.diagnosis import Diagnosis
from partners.models import RequestRecord
from partners.reasons import Reason, Stage
from partners.request_lines import RequestLine


@dataclass(frozen=True, slots=True)
class ThenAndNow:
    """What was answered then and what would be now. `blind`: the query was not on record, and none was given."""

    record: RequestRecord
    now: Reason | None
    blind: bool

    @property
    def then(self) -> Reason | None:
        """Return why the call was refused then, None where it was served."""
        return self.record.reason

    @property
    def undecided(self) -> bool:
        """Tell whether what was refused then, the query, is not there to be judged."""
        return self.blind and self.then is not None and self.then.stage is Stage.QUERY

    @property
    def sentence(self) -> str:
        """Return what has changed since, in one sentence."""
        if self.undecided:
            return f"It was {_answered(self.then)} then, for its query. The query is not on record: paste it below."
        if self.then is self.now:
            return f"It was {_answered(self.then)} then, and still is."
        return f"{self._change}: it was {_answered(self.then)}, and the same call is {_answered(self.now)} today."

    @property
    def _change(self) -> str:
        if self.then is None:
            return "Served then, refused now"
        return "Refused then, passes now" if self.now is None else "Refused then and now, with another code"


def compare(record: RequestRecord, line: RequestLine, diagnosis: Diagnosis) -> ThenAndNow | None:
    """Set a call on record beside what is found of it now; None where another call was judged in its place."""
    if diagnosis.route is None or (line.method, diagnosis.route.route_name) != (record.method.upper(), record.route):
        return None
    now = None if diagnosis.refusal is None else diagnosis.refusal.reason
    return ThenAndNow(record, now, blind=not record.query_known and not line.query_string)


def _answered(reason: Reason | None) -> str:
    return "answered with 200" if reason is None else f"refused with {reason.status} {reason.code}"
