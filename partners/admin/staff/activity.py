"""Staff activity: what a person did and looked at. It needs a reason, and is shown after that is recorded."""

from datetime import timedelta
from itertools import chain, groupby, islice
from typing import Any

from django import db, forms
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.utils import timezone
from django.views.decorators.debug import sensitive_post_parameters

from partners.admin.base import needs, render
from partners.admin.changes import kinds, sheet
from partners.admin.forms import PeriodForm, ReasonForm
from partners.formats import sheets
from partners.review.staff.activity import Activity, Total
from partners.text import printable

SHOWN, CHUNK = 50, 1_000
USUAL = timedelta(days=90)
TOO_LONG = "This takes too long for a page. Choose a shorter period."


class ActivityForm(PeriodForm, ReasonForm):
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
    answer = _answer(request, form) if form.is_valid() else None
    return answer or render(request, "partners/staff/activity.html", title="Staff activity", form=form)


def _answer(request: HttpRequest, form: ActivityForm) -> HttpResponse | None:
    """Return the report; None if the form has errors."""
    try:
        return form.attempt(lambda: _reported(request, form), "person")
    except db.OperationalError:
        form.add_error(None, TOO_LONG)
        return None


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
    first: list[Any] = list(islice(rows, 1))  # before the answer starts, while a timeout can still be reported
    # The types of our guards don't include streaming answers.
    return StreamingHttpResponse(  # type: ignore[return-value]
        sheets.lines(sheet.COLUMNS, chain(first, rows)),
        content_type="text/csv; charset=utf-8; header=present",
        headers={"Content-Disposition": f'attachment; filename="staff-activity-{timezone.now():%Y-%m-%d}.csv"'},
    )
