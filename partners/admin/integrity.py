"""Whether the record is what was written: how far it is sealed, and what the last verifications found."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db import connection
from django.db.models import Case, Q, When
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import URLPattern, path
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from partners.admin.base import needs, render
from partners.admin.forms import ReasonForm
from partners.keys import seal_keys
from partners.models import Seal, Verification
from partners.seals.checkpoints import Checkpoint
from partners.seals.faults import NEXT_STEPS
from partners.seals.state import checkpoint, tables
from partners.seals.state.tables import TableState
from partners.signin.base import change_by
from partners.triggers import comparing, times

MAY_SEE, MAY_EXPLAIN = "partners.view_changeevent", "partners.explain_verification"
YEAR, LISTED, SHOWN = timedelta(days=365), 1_000, 12


@dataclass(frozen=True, slots=True)
class Sealing:
    """How far everything is sealed. `head` is the last seal of the chain, None without one that can be read."""

    tables: list[TableState]
    head: Seal | None

    @classmethod
    def now(cls) -> "Sealing":
        states = tables.states()
        return cls(states, max((each.last for each in states if each.last), key=lambda seal: seal.number, default=None))

    @property
    def since(self) -> datetime | None:
        """Return the time of the first row that waits."""
        return min((each.since for each in self.tables if each.since), default=None)

    @property
    def is_late(self) -> bool:
        return any(each.is_late for each in self.tables)

    @property
    def is_damaged(self) -> bool:
        return any(each.waiting is None or (each.sealed and each.last is None) for each in self.tables)


@dataclass(frozen=True, slots=True)
class SealKey:
    """A key as everybody may know it: its number and its public part. `signs`: it signed the last seal."""

    number: int
    public_part: str
    signs: bool


class ToldFault(NamedTuple):
    """The first fault of a kind in words, how many there were, and what to do next."""

    words: str
    number: int
    next_step: str


class Verified(NamedTuple):
    """A verification, how many rows it read, and its first faults."""

    run: Verification
    rows: str
    faults: list[ToldFault]


class ExplanationForm(ReasonForm):
    """Why faults are there."""

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self.fields["reason"].label = "Explanation"
        self.fields["reason"].help_text = (
            "What caused these faults, how you know, and where the evidence is kept. Don't name patients. Saved in "
            "the audit record."
        )


def urls() -> list[URLPattern]:
    """Return the URLs of these pages."""
    return [
        path("record-integrity/", show, name="record_integrity"),
        path("record-integrity/checkpoint/", download, name="checkpoint"),
        path("record-integrity/explain/<int:verification>/", explain, name="explain_faults"),
    ]


@needs(MAY_SEE)
@require_safe
def show(request: HttpRequest) -> HttpResponse:
    """Show how far the record is sealed and verified, and what protects it."""
    sealing = Sealing.now()
    verifications: list[Verified] = tables.readable(_verifications, [])
    drift = times.drift(connection)
    return render(
        request,
        "partners/integrity.html",
        title="Record integrity",
        sealing=sealing,
        verified=_last_that_counts(verifications),
        verifications=verifications,
        newest=f":{SHOWN}",
        older=f"{SHOWN}:",
        file=checkpoint.kept_file(),
        sent=checkpoint.last_sent(),
        triggers=comparing.faults(connection),
        drift=round(abs(drift).total_seconds(), 1),
        drifts=times.noticeable(drift),
        **_keys(sealing.head),
    )


@needs(MAY_SEE)
@require_POST
def download(request: HttpRequest) -> HttpResponse:
    """Return the last seal as a file that can be kept elsewhere. The download is recorded."""
    head = Seal.objects.readable(Seal.objects.last_number())
    if head is None:
        messages.error(request, "There is no seal that can be read.")
        return redirect("admin:record_integrity")
    checkpoint.record_sent(head, change_by(request), "download")
    headers = {"Content-Disposition": f'attachment; filename="checkpoint-{head.number}.json"'}
    return HttpResponse(Checkpoint.of(head).text(), content_type="application/json", headers=headers)


@needs(MAY_EXPLAIN)
def explain(request: HttpRequest, verification: int) -> HttpResponse:
    """Record why a verification found faults, so that Home leaves them out until others are found."""
    run = get_object_or_404(Verification, pk=verification)
    form = ExplanationForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        try:
            run.explain(form.change(request))
        except ValidationError as refusal:
            form.add_error(None, refusal)
        else:
            messages.success(request, "Explanation saved.")
            return redirect("admin:record_integrity")
    faults = [_told(fault) for fault in run.first_faults]
    return render(request, "partners/integrity_explain.html", title="Explain faults", form=form, run=run, faults=faults)


def _verifications() -> list[Verified]:
    """Return the newest of the last year and the last that counts, which may be older."""
    counts = Q(pk__in=Verification.objects.that_count().values("pk")[:1])
    chosen = Verification.objects.filter(counts | Q(finished_at__gt=timezone.now() - YEAR))
    newest = chosen.order_by(Case(When(counts, then=0), default=1), "-finished_at", "-pk")[:LISTED]
    found = sorted(newest, key=lambda each: (each.finished_at, each.pk), reverse=True)
    return [Verified(each, f"{each.rows:,}", [_told(fault) for fault in each.first_faults]) for each in found]


def _told(fault: dict[str, Any]) -> ToldFault:
    return ToldFault(fault["words"], fault["number"], NEXT_STEPS.get(fault["kind"], ""))


def _last_that_counts(verifications: list[Verified]) -> Verification | None:
    return next((each.run for each in verifications if each.run.counts), None)


def _keys(head: Seal | None) -> dict[str, Any]:
    """Return the keys that are known here, and whether the last seal is signed with one of them."""
    try:
        public = seal_keys.public_in_settings()
    except seal_keys.InvalidSealKeys as fault:
        return {"keys": [], "keys_fault": str(fault)}
    number = head.key_number if head else 0
    shown = [SealKey(each, seal_keys.written(key), each == number) for each, key in sorted(public.items())]
    if head is None or number not in public:
        return {"keys": shown, "key_unknown": head is not None}
    signed = seal_keys.has_signed(public[number], head.statement(), bytes(head.signature))
    return {"keys": shown, "is_forged": not signed}
