"""Find keys in a text or a file that leaked, say what each read, and report them. The text is never kept."""

from collections.abc import Sequence

from django import db
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern, path
from django.views.decorators.debug import sensitive_post_parameters, sensitive_variables
from django.views.decorators.http import require_POST

from partners.accounting.periods import Period
from partners.admin.base import needs, render
from partners.admin.leaks.forms import ReportForm, SearchForm, found_again
from partners.diagnosis.pasted import Match, Pasted, keys_in_pieces
from partners.finding.found import Found
from partners.leaks import mail, reads, reporting
from partners.leaks.reads import Reads
from partners.leaks.reporting import Outcome
from partners.models import KeyLeak

COUNTED = 50  # keys for which the page says how much they read
TOO_LONG = "What the keys read takes too long to count here. Choose a shorter period, or open each key."
EXPIRED = "The search is too old. Search the text again: it wasn't kept."


def urls() -> list[URLPattern]:
    """Return the URLs of these pages, for the site to include."""
    return [path("leaks/", leaks, name="leaks"), path("leaks/report/", report, name="leaks_report")]


@needs("partners.view_apikey")
@sensitive_post_parameters()
@sensitive_variables()
def leaks(request: HttpRequest) -> HttpResponse:
    """Ask for a text, and show the keys in it."""
    may_count = request.user.has_perm("partners.account_disclosures")
    given = (request.POST, request.FILES) if request.method == "POST" else (None, None)
    form = SearchForm(*given, with_period=may_count)
    if form.is_valid():
        pasted = keys_in_pieces(form.bits())
        return found(request, pasted.matches, pasted, form.cleaned_data["period"] if may_count else None)
    newest = Found.of(KeyLeak.objects.select_related("api_key__organization"))
    return render(request, "partners/leaks.html", title="Leaks", form=form, newest=newest)


@needs("partners.report_keyleak")
@require_POST
def report(request: HttpRequest) -> HttpResponse:
    """Report the keys that a search found, do what was chosen for each, and e-mail their contacts."""
    matches = found_again(request.POST.get("found", ""))
    if not matches:
        messages.warning(request, EXPIRED)
        return redirect("admin:leaks")
    form = ReportForm(matches, request.user.has_perm, request.POST)
    outcomes = form.attempt(lambda: _reported(request, form)) if form.is_valid() else None
    if outcomes is None:
        return found(request, matches, form=form)
    _tell(request, outcomes, mail.notify(outcomes) if form.cleaned_data["notify"] else {})
    return redirect("admin:leaks")


def _reported(request: HttpRequest, form: ReportForm) -> list[Outcome]:
    return reporting.report(form.findings(), form.change(request), place=form.cleaned_data["place"])


def found(
    request: HttpRequest,
    matches: Sequence[Match],
    pasted: Pasted | None = None,
    period: Period | None = None,
    form: ReportForm | None = None,
) -> HttpResponse:
    """Show the keys and what they read, with the form that reports them. `pasted` is None after that was refused."""
    may = request.user.has_perm
    if form is None and matches and may("partners.report_keyleak"):
        form = ReportForm(matches, may)
    counted = _counted(request, matches, period) if period else {}
    fields = dict(form.rows()) if form else {}
    return render(
        request,
        "partners/leaks_found.html",
        title="Keys in the text",
        rows=[(match, counted.get(match.key.pk), fields.get(match)) for match in matches],
        period=period,
        pasted=pasted,
        form=form,
    )


def _counted(request: HttpRequest, matches: Sequence[Match], period: Period) -> dict[int, Reads]:
    try:
        return reads.of_keys([match.key for match in matches[:COUNTED]], period)
    except db.OperationalError:
        messages.warning(request, TOO_LONG)
        return {}


def _tell(request: HttpRequest, outcomes: Sequence[Outcome], problems: dict[int, str]) -> None:
    """Say what was done about each key, and who has to be told in another way."""
    for outcome in outcomes:
        problem = problems.get(outcome.key.pk, "")
        told = problem or ("The contact was e-mailed." if outcome.leak.notified_at else "")
        done = f" and {outcome.done}" if outcome.done else ""
        words = f"Key {outcome.key.quotable}… is reported as leaked{done}. {told}"
        (messages.warning if problem else messages.success)(request, words.strip())
