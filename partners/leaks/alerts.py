"""Tokens that a secret scanner found in public: read from its message, reported, and judged for its feedback."""

import json
import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from hashlib import sha256

from django.conf import settings
from django.db import transaction
from django.views.decorators.debug import sensitive_variables

from partners.diagnosis.pasted import Match, proof_of, with_public_part
from partners.formats.escapes import escaped
from partners.keys import tokens
from partners.keys.in_text import without_tokens
from partners.leaks import mail, reporting
from partners.leaks.reporting import Outcome, Response
from partners.models.change import Change
from partners.models.keys.leak import LONGEST_PLACE, Proof

BY = "secret scanning"
_COMMIT = re.compile(r"(/[0-9a-f]{40})(?=[/?#]|$)")  # in a URL; as long as a part of a token, but never one
_LABELS = {Proof.WHOLE: "true_positive", Proof.MISMATCH: "false_positive", None: "false_positive"}


class UnreadableMessage(ValueError):
    """The message is not an array of alerts."""


@dataclass(frozen=True, slots=True)
class Alert:
    """A text that looks like a token, the scanner's name for its kind, and where it was found."""

    token: str = field(repr=False)
    kind: str
    place: str


@sensitive_variables()
def read(body: bytes) -> list[Alert]:
    """Return the alerts of a message; raise UnreadableMessage if it has another form."""
    try:
        items = json.loads(body)
    except (ValueError, RecursionError):
        raise UnreadableMessage from None
    if not isinstance(items, list) or not all(map(_is_alert, items)):
        raise UnreadableMessage
    return [Alert(item["token"], item.get("type") or "", _place(item)) for item in items]


@sensitive_variables()
def answer(alerts: Sequence[Alert], source: str) -> list[dict[str, str]]:
    """Report the keys of the alerts, act on them, tell people, and return what is certain about each token."""
    matches = _matches(alerts)
    found: defaultdict[str, dict[int, Match]] = defaultdict(dict)
    for alert, match in zip(alerts, matches, strict=True):
        if match is not None and match.proof is not Proof.MISMATCH:  # the right token may be in the same place
            found[alert.place][match.key.pk] = match
    with transaction.atomic():
        outcomes = [each for place in sorted(found) for each in _reported(found[place].values(), place, source)]
    mail.notify(outcomes)
    if new := [each for each in outcomes if each.is_new]:
        mail.notify_staff(new)
    judged = [(alert, match and match.proof) for alert, match in zip(alerts, matches, strict=True)]
    return [_feedback(alert, _LABELS[proof]) for alert, proof in judged if proof in _LABELS]


def _reported(matches: Iterable[Match], place: str, source: str) -> list[Outcome]:
    change = Change(by=BY, source=source, reason="A secret scanner found the key in public.")
    findings = reporting.proved(matches, Response(settings.SECRET_SCANNING_RESPONSE))
    return reporting.report(findings, change, place=place, again=False)


@sensitive_variables()
def _matches(alerts: Sequence[Alert]) -> list[Match | None]:
    """Return for each alert the key whose public part its token has, and what that proves; None if there is none."""
    given = [tokens.parse(alert.token) for alert in alerts]
    keys = {key.public_part: key for key in with_public_part({token.public_part for token in given if token})}
    known = [(token, keys.get(token.public_part)) if token else (None, None) for token in given]
    return [Match(key, proof_of(key, {token})) if token and key else None for token, key in known]


def _is_alert(item: object) -> bool:
    if not isinstance(item, dict) or not isinstance(item.get("token"), str):
        return False
    return all(isinstance(item.get(name), str | None) for name in ("type", "url", "source"))


def _place(item: dict[str, str | None]) -> str:
    """Return where the token was found, without any token in it. The id of a commit stays."""
    place = (item.get("url") or "").strip() or f"GitHub, {item.get('source') or 'unknown'}"
    parts = enumerate(_COMMIT.split(place))
    return escaped("".join(part if at % 2 else without_tokens(part) for at, part in parts))[:LONGEST_PLACE]


def _feedback(alert: Alert, label: str) -> dict[str, str]:
    digest = sha256(alert.token.encode("utf-8", errors="surrogatepass")).hexdigest()
    return {"token_hash": digest, "token_type": alert.kind, "label": label}
