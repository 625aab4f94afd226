"""A recorded call compared with the same call now. The recorded answer is a fact that no new diagnosis overrules."""

from dataclasses import dataclass, replace

from partners.admin.diagnosis.findings import SPOKEN, Findings
from partners.catalogue.reasons import Reason, Stage
from partners.catalogue.remedies import REMEDIES
from partners.decision.policy import Check, CheckOutcome
from partners.diagnosis.calls import Diagnosis
from partners.diagnosis.request_lines import RequestLine
from partners.models import RequestRecord

ORDER = [*Reason]
OK = "answered with 200"
REJECTED = "Rejected queries are not stored: paste the request to see the value."
NOT_STORED = "Only valid queries are stored: paste the request to check its query too."
# The parameter at fault where the code implies it.
FIELDS = {
    Reason.INVALID_LIMIT: "limit",
    Reason.INVALID_OFFSET: "offset",
    Reason.INVALID_SORT: "sort_order",
    Reason.CURSOR_EXPIRED: "cursor",
}
NAMING = (Reason.UNSUPPORTED_FILTER, Reason.INVALID_QUERY)


@dataclass(frozen=True, slots=True)
class ThenAndNow:
    """What was answered then, and what the checks say now.

    If the query is not recorded: `pasted` if one was pasted, else `blind`. `judged` if the checks can run again for
    the recorded refusal.
    """

    record: RequestRecord
    now: Reason | None
    pasted: bool
    blind: bool
    judged: bool

    @property
    def then(self) -> Reason | None:
        """Return why the call was refused; None if it was served."""
        return self.record.reason

    @property
    def undecided(self) -> bool:
        """Return True if no check can run again for the recorded refusal."""
        return self.then is not None and not self.judged

    @property
    def field_unknown(self) -> bool:
        """Return True if the answer may have named a parameter, which is not recorded."""
        return self.undecided and self.then in NAMING and self.record.parameter is None

    def on_record(self, diagnosis: Diagnosis) -> Diagnosis:
        """Return the diagnosis with the recorded outcome for the checks that can't run again."""
        checks = [self._known(check) for check in diagnosis.checks]
        if self.then is not None and all(check.reason is not self.then for check in checks):
            checks.append(Check(self.then, CheckOutcome.FAILED))
        return replace(diagnosis, checks=checks)

    def sentence(self, findings: Findings) -> str:
        """Return what happened, and for a served call also what would happen now."""
        if self.then is None:
            return f"The call was {OK}." + (f" {_refused_today(findings, self.now)}" if self.now else "")
        cause = findings.blocker(self.then)
        because = f"{cause.why}; {SPOKEN[cause.remedy.fixer]}" if cause else REMEDIES[self.then].because
        return f"The call was refused with {_code(self.then)} because {because}."

    def today(self, findings: Findings) -> str:
        """Return what would happen now."""
        if self.undecided:
            return self._undecided_today()
        if self.then is self.now:
            return f"{self._call.capitalize()} is still {f'refused with {_code(self.now)}' if self.now else OK}."
        if self.now is not None:
            return _refused_today(findings, self.now)
        if self.blind:
            return f"Today only its query could be refused. {NOT_STORED}"
        return f"Today {self._call} is {OK}."

    @property
    def _call(self) -> str:
        return "the request that you pasted" if self.pasted else "the same call"

    def _undecided_today(self) -> str:
        beside = f" Today it is refused with {_code(self.now)}." if self.now else ""
        return (REJECTED if self.blind else "We can't check here if that would happen again.") + beside

    def _known(self, check: Check) -> Check:
        """Return a check. If the query is not recorded, return what the recorded refusal implies."""
        if not self.blind or check.reason.stage is not Stage.QUERY:
            return check
        if check.reason is self.then:
            return Check(check.reason, CheckOutcome.FAILED, self.record.parameter or FIELDS.get(check.reason))
        passed = self.then is not None and self.undecided and ORDER.index(check.reason) < ORDER.index(self.then)
        return check if passed else replace(check, outcome=CheckOutcome.UNKNOWN)


def compare(record: RequestRecord, line: RequestLine, diagnosis: Diagnosis) -> ThenAndNow | None:
    """Compare a recorded call with its diagnosis now; None if a different call was diagnosed."""
    if diagnosis.route is None or (line.method, diagnosis.route.route_name) != (record.method.upper(), record.route):
        return None
    now = None if diagnosis.refusal is None else diagnosis.refusal.reason
    pasted, blind = not record.query_known and line.query_string != "", not record.query_known and not line.query_string
    judged = any(check.reason is record.reason and not _unread(check, blind) for check in diagnosis.checks)
    return ThenAndNow(record, now, pasted, blind, judged)


def _unread(check: Check, blind: bool) -> bool:
    return blind and check.reason.stage is Stage.QUERY


def _refused_today(findings: Findings, now: Reason) -> str:
    cause = findings.blocker(now)
    because = f" because {cause.why}; {SPOKEN[cause.remedy.fixer]}" if cause else ""
    return f"Today it is refused with {_code(now)}{because}."


def _code(reason: Reason) -> str:
    return f"{reason.status} {reason.code}"
