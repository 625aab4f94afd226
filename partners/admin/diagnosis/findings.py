"""A diagnosis in words: one sentence for the partner, and a finding for each check."""

from dataclasses import dataclass
from http import HTTPStatus
from itertools import groupby
from operator import attrgetter

from django.http import HttpResponse

from partners.catalogue.reasons import Reason
from partners.catalogue.remedies import REMEDIES
from partners.catalogue.remedy import Fixer, Remedy
from partners.catalogue.routes import Scope
from partners.decision.policy import AccessRequest, Check, CheckOutcome
from partners.diagnosis.callers import Credentials, Sent
from partners.diagnosis.calls import Diagnosis
from partners.keys.faults import fault

SPOKEN = {
    Fixer.PARTNER: "the partner's engineer can fix this",
    Fixer.ONBOARDING: "Partner onboarding can fix this",
    Fixer.SECURITY: "Security can fix this",
    Fixer.OPERATOR: "the operator can fix this",
    Fixer.SUPPORT: "Support looks into it",
}
FROM_ALLOWED = "The call is answered with 200 if it comes from an allowed network of the key: nothing else blocks it."
REACHED = {CheckOutcome.PASSED: "Passed", CheckOutcome.FAILED: "Refused", CheckOutcome.UNKNOWN: "Not known"}
BEYOND = {
    CheckOutcome.PASSED: "Would pass",
    CheckOutcome.FAILED: "Would refuse",
    CheckOutcome.UNKNOWN: "Not known yet",
}
REFUSED_THEN = {CheckOutcome.PASSED: "Refused then, passes now", CheckOutcome.UNKNOWN: "Refused then"}


@dataclass(frozen=True, slots=True)
class Finding:
    """What one check found."""

    reason: Reason
    outcome: CheckOutcome
    word: str
    detail: str

    @property
    def remedy(self) -> Remedy:
        """Return the reason's entry in the catalogue."""
        return REMEDIES[self.reason]

    @property
    def why(self) -> str:
        """Return why the call is refused, to complete "because …"."""
        return self.remedy.because + (f" ({self.detail})" if self.detail else "")


@dataclass(frozen=True, slots=True)
class Findings:
    """All findings for one call: the checks that it reaches, and the ones after the refusal."""

    diagnosis: Diagnosis
    reached: list[Finding]
    beyond: list[Finding]

    @property
    def sentence(self) -> str:
        """Return what to tell the partner, in one sentence."""
        refusal = self.diagnosis.refusal
        if refusal is None:
            return FROM_ALLOWED if self._source_unknown else "The call is answered with 200: nothing blocks it."
        code = f"{refusal.reason.status} {refusal.reason.code}"
        first = self.blockers[0]
        return f"The call is refused with {code} because {first.why}; {SPOKEN[first.remedy.fixer]}."

    @property
    def sent(self) -> str:
        """Return the refusal as HTTP sends it, with status, main headers and body."""
        answer = self.diagnosis.answer
        return "" if answer is None else as_sent(answer)

    @property
    def blockers(self) -> list[Finding]:
        """Return everything that blocks the call. The first one decides the answer."""
        return [finding for finding in [*self.reached, *self.beyond] if finding.outcome is CheckOutcome.FAILED]

    @property
    def _source_unknown(self) -> bool:
        """Return True if the key's networks are enforced, and nobody said where the call comes from."""
        unknown = [each.reason for each in self.reached if each.outcome is CheckOutcome.UNKNOWN]
        return Reason.SOURCE_NOT_ALLOWED in unknown

    def blocker(self, reason: Reason) -> Finding | None:
        """Return the finding that blocks the call with this code, if there is one."""
        return next((finding for finding in self.blockers if finding.reason is reason), None)


def describe(diagnosis: Diagnosis, credentials: Credentials, then: Reason | None = None) -> Findings:
    """Put a diagnosis into words: the checks under one code make one finding.

    `then` is the code of the recorded refusal. That check is never shown as passed, whatever is found now.
    """
    groups = [(reason, list(checks)) for reason, checks in groupby(diagnosis.checks, attrgetter("reason"))]
    outcomes = [_outcome(checks) for _, checks in groups]
    refused = outcomes.index(CheckOutcome.FAILED) if CheckOutcome.FAILED in outcomes else len(groups)
    findings = [
        Finding(
            reason,
            CheckOutcome.UNKNOWN if reason is then and outcome is CheckOutcome.PASSED else outcome,
            word=_word(outcome, reached=at <= refused, refused_then=reason is then),
            detail=_detail(reason, checks, diagnosis, credentials) if outcome is CheckOutcome.FAILED else "",
        )
        for at, ((reason, checks), outcome) in enumerate(zip(groups, outcomes, strict=True))
    ]
    return Findings(diagnosis, findings[: refused + 1], findings[refused + 1 :])


def as_sent(answer: HttpResponse) -> str:
    """Return an answer in the form of HTTP/1.1 (RFC 9112, section 4)."""
    headers = [f"{name}: {value}" for name, value in answer.headers.items()]
    status = f"HTTP/1.1 {answer.status_code} {HTTPStatus(answer.status_code).phrase}"
    return "\n".join([status, *headers, "", answer.content.decode()])


def _outcome(checks: list[Check]) -> CheckOutcome:
    worst_first = (CheckOutcome.FAILED, CheckOutcome.UNKNOWN, CheckOutcome.PASSED)
    outcomes = {check.outcome for check in checks}
    return next(outcome for outcome in worst_first if outcome in outcomes)


def _word(outcome: CheckOutcome, *, reached: bool, refused_then: bool) -> str:
    if refused_then and outcome in REFUSED_THEN:
        return REFUSED_THEN[outcome]
    return (REACHED if reached else BEYOND)[outcome]


def _detail(reason: Reason, checks: list[Check], diagnosis: Diagnosis, credentials: Credentials) -> str:
    """Return what the code doesn't say: which parameter, scope or limit, what is wrong with the token."""
    if reason is Reason.MALFORMED_TOKEN:
        return _fault(credentials)
    if reason is Reason.MISSING_SCOPE and diagnosis.call:
        return f"it lacks {', '.join(_missing_scopes(diagnosis.call))}"
    if reason is Reason.RATE_LIMITED and diagnosis.call:
        return _limits(diagnosis.call)
    fields = [check.field for check in checks if check.field is not None]
    named = [field or "a parameter without a name" for field in fields if field not in REMEDIES[reason].because.split()]
    return f"at fault: {', '.join(named)}" if named else ""


def _fault(credentials: Credentials) -> str:
    token = credentials.token if isinstance(credentials, Sent) else None
    return (token and fault(token)) or ""


def _limits(call: AccessRequest) -> str:
    limits = {"the key": call.key_limit, "the organization": call.organization_limit}
    return " and ".join(f"the limit of {of} is {limit:,} a minute" for of, limit in limits.items() if limit)


def _missing_scopes(call: AccessRequest) -> list[Scope]:
    return [scope for scope in call.route.scopes if scope not in (call.scopes or ())]
