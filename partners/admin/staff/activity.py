"""Staff activity: what a person did and looked at. It needs a reason, and is shown after that is recorded."""

from datetime import timedelta
from itertools import groupby

from django import forms
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.debug import sensitive_post_parameters

from partners.admin.base import needs, render
from partners.admin.changes import kinds, sheet
from partners.admin.forms import PeriodReportForm
from partners.admin.lists import exports
from partners.formats import sheets
from partners.review.staff.activity import Activity, Total
from partners.text import printable

SHOWN, CHUNK = 50, 1_000
USUAL = timedelta(days=90)


class ActivityForm(PeriodReportForm):
    """The person, the period and the reason of a report."""

    person = forms.CharField(
        max_length=150,
        validators=[printable],
        widget=forms.TextInput({"autocomplete": "off", "spellcheck": "false"}),
        help_text="The user name. For what was done by command: the name of the system user.",
    )
    field_order = ["person", "since", "until", "reason", "ticket"]


@needs("partners.view_changeevent")
@sensitive_post_parameters()
def show(request: HttpRequest) -> HttpResponse:
    """Ask for a person and a period, and return what the person did as a page or a file."""
    recent = {"since": f"{timezone.now() - USUAL:%Y-%m-%d}", "person": request.GET.get("person", "")}
    form = ActivityForm(request.POST if request.method == "POST" else None, initial=recent)
    answer = form.report(lambda: _reported(request, form), "person") if form.is_valid() else None
    return answer or render(request, "partners/staff/activity.html", title="Staff activity", form=form)


def _reported(request: HttpRequest, form: ActivityForm) -> HttpResponse:
    given, is_file = form.cleaned_data, "file" in request.POST
    why = form.change(request)
    activity = Activity.ask(why, given["person"], given["period"], form="CSV" if is_file else "page")
    return _file(activity) if is_file else _page(request, form, activity)


def _page(request: HttpRequest, form: ActivityForm, activity: Activity) -> HttpResponse:
    newest = list(activity.events()[:SHOWN])
    return render(
        request,
        "partners/staff/activity_shown.html",
        title="Staff activity",
        form=form,
        activity=activity,
        groups=_grouped(activity.totals),
        shown=len(newest),
        days=[(day, list(events)) for day, events in groupby(newest, lambda event: event.occurred_at.date())],
    )


def _grouped(totals: list[Total]) -> list[tuple[str, list[Total]]]:
    """Return the totals by the group of their kind, as the filter of *Changes* has them."""
    groups = [
        (group.title, [total for total in totals if total.action in group.actions]) for group in kinds.GROUPS.values()
    ]
    return [(title, found) for title, found in groups if found]


def _file(activity: Activity) -> HttpResponse:
    rows = map(sheet.row, activity.events().iterator(chunk_size=CHUNK))
    return exports.stream(sheets.lines(sheet.COLUMNS, rows), exports.dated("Staff activity"))
