"""What one key read in a period, for those who may account for disclosures. It needs a reason, and is recorded."""

from itertools import chain, islice

from django import db
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404

from partners.admin.base import needs, render
from partners.admin.leaks.forms import ReadsForm
from partners.leaks import sheet
from partners.leaks.reads import KINDS, Reads
from partners.models import ApiKey

SHOWN = 8  # of each kind, so that the page stays short on a phone; the file has all
TOO_LONG = "This takes too long for a page. Choose a shorter period, or run manage.py report_leak."


@needs("partners.account_disclosures")
def key_reads(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask for a period and a reason, and show what the key read, as a page or a file."""
    key = get_object_or_404(ApiKey.objects.select_related("organization"), pk=pk)
    form = ReadsForm(request.POST if request.method == "POST" else None)
    answer = _answer(request, key, form) if form.is_valid() else None
    return answer or render(request, "partners/reads.html", title="What a key read", key=key, form=form)


def _answer(request: HttpRequest, key: ApiKey, form: ReadsForm) -> HttpResponse | None:
    """Return what the key read; None if the form has errors."""
    try:
        return form.attempt(lambda: _read(request, key, form), "reason")
    except db.OperationalError:
        form.add_error(None, TOO_LONG)
        return None


def _read(request: HttpRequest, key: ApiKey, form: ReadsForm) -> HttpResponse:
    is_file = "file" in request.POST
    reads = Reads.ask(form.change(request), key, form.cleaned_data["period"], form="CSV" if is_file else "page")
    return _file(reads) if is_file else _page(request, form, reads)


def _page(request: HttpRequest, form: ReadsForm, reads: Reads) -> HttpResponse:
    return render(
        request,
        "partners/reads_shown.html",
        title="What the key read",
        key=reads.key,
        form=form,
        reads=reads,
        shown=[(kind, reads.numbers[kind], list(reads.each(kind, SHOWN))) for kind in KINDS],
    )


def _file(reads: Reads) -> HttpResponse:
    rows = sheet.lines(reads)
    first = list(islice(rows, 2))  # before the answer starts, while a timeout can still be reported
    # The types of our guards don't include streaming answers.
    return StreamingHttpResponse(  # type: ignore[return-value]
        chain(first, rows),
        content_type="text/csv; charset=utf-8; header=present",
        headers={"Content-Disposition": f'attachment; filename="reads-{reads.key.public_id}.csv"'},
    )
