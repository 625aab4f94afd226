"""The accounting of disclosures, for Security. It needs a reason, by POST, and is shown after that is recorded."""

from django import forms
from django.http import HttpRequest, HttpResponse
from django.views.decorators.debug import sensitive_post_parameters

from partners.accounting import sheet
from partners.accounting.disclosures import Accounting
from partners.admin.base import needs, render
from partners.admin.forms import PeriodReportForm
from partners.admin.lists import exports

SHOWN = 100


class DisclosuresForm(PeriodReportForm):
    """The patient, the period and the reason of an accounting."""

    too_long = "This takes too long for a page. Choose a shorter period, or run manage.py account_disclosures."
    patient = forms.CharField(
        label="Patient id",
        max_length=100,
        widget=forms.TextInput({"autocomplete": "off", "spellcheck": "false", "class": "mono"}),
        help_text="As the partner receives it: pat_ and 22 letters and digits. Never a name.",
    )
    reason = forms.CharField(
        widget=forms.Textarea({"rows": 2}),
        help_text="For example: written request of the patient. Logged with your name. Don't enter a patient's name.",
    )
    field_order = ["patient", "since", "until", "reason", "ticket"]

    def clean_patient(self) -> str:
        return str(self.cleaned_data["patient"]).strip()


@needs("partners.account_disclosures")
@sensitive_post_parameters()
def disclosures(request: HttpRequest) -> HttpResponse:
    """Ask for an accounting, and return it as a page or a file."""
    form = DisclosuresForm(request.POST if request.method == "POST" else None)
    answer = form.report(lambda: _accounting(request, form), "patient") if form.is_valid() else None
    return answer or render(request, "partners/disclosures.html", title="Disclosures", form=form)


def _accounting(request: HttpRequest, form: DisclosuresForm) -> HttpResponse:
    given, is_file = form.cleaned_data, "file" in request.POST
    why = form.change(request)
    accounting = Accounting.ask(why, given["patient"], given["period"], form="CSV" if is_file else "page")
    return _file(accounting) if is_file else _page(request, form, accounting)


def _page(request: HttpRequest, form: DisclosuresForm, accounting: Accounting) -> HttpResponse:
    return render(
        request,
        "partners/disclosures_accounting.html",
        title="Accounting of disclosures",
        form=form,
        accounting=accounting,
        shown=list(accounting.disclosures(SHOWN)),
        restrictions=accounting.restrictions,
    )


def _file(accounting: Accounting) -> HttpResponse:
    lines = sheet.lines(accounting, accounting.disclosures())
    return exports.stream(lines, f"disclosures-{accounting.patient_id}.csv")
