"""Report keys as leaked, and disable or revoke them. All are reported, or none."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from django.db import transaction

from partners.diagnosis.pasted import Match
from partners.models import ApiKey, KeyLeak
from partners.models.change import Action, Change
from partners.models.keys.leak import Proof


class Response(StrEnum):
    """What is done about a leaked key."""

    NOTIFY = "notify"
    DISABLE = "disable"
    REVOKE = "revoke"


_ACTIONS = {Response.DISABLE: Action.KEY_DISABLED, Response.REVOKE: Action.KEY_REVOKED}
DONE = {Response.DISABLE: "disabled", Response.REVOKE: "revoked"}


@dataclass(frozen=True, slots=True)
class Finding:
    """A key that was found, what that proves, and what to do about it."""

    key: ApiKey
    proof: Proof
    response: Response


@dataclass(frozen=True, slots=True)
class Outcome:
    """A reported key. `is_new`: as much was not on record of this place. `done`: "disabled", "revoked", or blank."""

    leak: KeyLeak
    is_new: bool
    done: str

    @property
    def key(self) -> ApiKey:
        return self.leak.api_key


def proved(matches: Iterable[Match], response: Response) -> list[Finding]:
    """Return the keys whose whole token was found, to be reported without anybody's judgement.

    One whose secret could not be verified is only reported. Whoever knows the public part can write such a token.
    """
    responses = {Proof.WHOLE: response, Proof.UNVERIFIED: Response.NOTIFY}
    return [Finding(each.key, each.proof, responses[each.proof]) for each in matches if each.proof in responses]


def report(findings: Iterable[Finding], change: Change, *, place: str, again: bool = True) -> list[Outcome]:
    """Report each key as found in a place, and do what its finding says, unless its state doesn't allow that.

    Without `again`, nothing is done about a key of which as much was on record for this place. Raise ValidationError
    without a reason, or for a bad place.
    """
    ordered = sorted(findings, key=lambda each: each.key.pk)  # everybody locks keys in this order
    with transaction.atomic():
        return [_reported(each, change, place, again) for each in ordered]


def _reported(finding: Finding, change: Change, place: str, again: bool) -> Outcome:
    leak, is_new = KeyLeak.report(finding.key, change, place=place, proof=finding.proof)
    leak.api_key = finding.key
    return Outcome(leak, is_new, _respond(finding, change) if is_new or again else "")


def _respond(finding: Finding, change: Change) -> str:
    action = _ACTIONS.get(finding.response)
    if action is None or finding.key.refusal(action):
        return ""
    (finding.key.disable if action is Action.KEY_DISABLED else finding.key.revoke)(change)
    return DONE[finding.response]
