"""What one key read in a period, for those who may account for disclosures. It needs a reason, and is recorded."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404

from partners.admin.base import needs, render
from partners.admin.leaks.forms import ReadsForm
from partners.admin.lists import exports
from partners.leaks import sheet
from partners.leaks.reads import KINDS, Reads
from partners.models import ApiKey

SHOWN = 8  # of each kind, so that the page stays short on a phone; the file has all


@needs("partners.account_disclosures")
def key_reads(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask for a period and a reason, and show what the key read, as a page or a file."""
    key = get_object_or_404(ApiKey.objects.select_related("organization"), pk=pk)
    form = ReadsForm(request.POST if request.method == "POST" else None)
    answer = form.report(lambda: _read(request, key, form), "reason") if form.is_valid() else None
    return answer or render(request, "partners/reads.html", title="What a key read", key=key, form=form)


def _read(request: HttpRequest, key: ApiKey, form: ReadsForm) -> HttpResponse:
    is_file = "file" in request.POST
    reads = Reads.ask(form.change(request), key, form.cleaned_data["period"], form="CSV" if is_file else "page")
    if is_file:
        return exports.stream(sheet.lines(reads), f"reads-{key.public_id}.csv")
    return _page(request, form, reads)


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
