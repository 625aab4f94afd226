"""The filters of the list of requests, and the search that they form."""

from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import Q, QuerySet
from django.utils import timezone

from partners.admin.lists.record_filter import ALL, OWN, RecordFilter
from partners.catalogue.reasons import Reason
from partners.catalogue.routes import Route
from partners.models import RequestRecord
from partners.record.pages import Search

REFUSED, OUTSIDE, NO_ROUTE = "refused", "outside", "none"
SPANS = {"24h": timedelta(hours=24), "7d": timedelta(days=7), "30d": timedelta(days=30)}
TIMES = [("24h", "Last 24 hours"), ("7d", "Last 7 days"), ("30d", "Last 30 days"), (ALL, "All"), (OWN, "From – to")]
STATUSES = sorted({HTTPStatus.OK, *(HTTPStatus(reason.status) for reason in Reason)})


class MomentField(forms.DateTimeField):
    """A moment in UTC."""

    widget = forms.DateTimeInput({"type": "datetime-local", "step": "1"})

    def clean(self, value: Any) -> datetime | None:
        """Return the moment. ValidationError also if it is out of range in UTC."""
        try:
            moment: datetime | None = super().clean(value)
            return moment and moment.astimezone(UTC)
        except OverflowError:
            raise ValidationError("Enter a valid date and time.", code="invalid") from None


class RequestFilter(RecordFilter):
    """Which calls to show. Without a time, these are the calls of the last 24 hours."""

    route = forms.ChoiceField(
        required=False,
        choices=[("", "Any"), *((route.route_name, route.route_name) for route in Route), (NO_ROUTE, "No route")],
    )
    status = forms.TypedChoiceField(
        required=False, coerce=int, choices=[("", "Any"), *((each.value, f"{each} {each.phrase}") for each in STATUSES)]
    )
    code = forms.ChoiceField(
        required=False,
        label="Reason code",
        choices=[
            ("", "Any"),
            (REFUSED, "Any refusal"),
            (OUTSIDE, "None, but outside the watched networks"),
            *((reason.code, reason.code) for reason in Reason),
        ],
    )
    time = forms.ChoiceField(required=False, choices=TIMES)
    start = MomentField(required=False, label="From (UTC)")
    end = MomentField(required=False, label="To (UTC)")

    def search(self) -> Search[RequestRecord]:
        """Return the search. The form must be valid."""
        narrow = self._of_refusals() and (self.cleaned_data["key"] or self.cleaned_data["organization"])
        return Search(self._indexed(), self._fits(), *self._window(), then="reason_code" if narrow else "")

    def _indexed(self) -> QuerySet[RequestRecord]:
        """Return the rows that an index can find: by key or else organization, and refusals or all calls."""
        given, rows = self.cleaned_data, RequestRecord.objects.defer("encounters", "patients")
        if given["code"] == OUTSIDE:
            return rows.filter(self._keys(), outside_networks=True)
        if given["key"]:
            rows = rows.filter(api_key=given["key"])
        elif given["organization"]:
            rows = rows.filter(organization=given["organization"])
        return rows.exclude(reason_code="") if self._of_refusals() else rows

    def _keys(self) -> Q:
        """Return the condition for calls by their keys alone: the index of calls from outside begins with the key."""
        given = self.cleaned_data
        if given["key"]:
            return Q(api_key=given["key"])
        return Q(api_key__in=given["organization"].api_keys.order_by()) if given["organization"] else Q(api_key__gt=0)

    def _of_refusals(self) -> bool:
        """Return True if only refusals are asked for, so that an index of refusals has all rows."""
        code, status = self.cleaned_data["code"], self.cleaned_data["status"]
        return code != OUTSIDE and (code != "" or status not in ("", HTTPStatus.OK))

    def _fits(self) -> Q:
        """Return the other filters. A status becomes its reason codes, which the indexes of refusals hold."""
        given, wanted, fits = self.cleaned_data, dict[str, Any](), Q()
        if given["route"]:
            wanted["route"] = "" if given["route"] == NO_ROUTE else given["route"]
        if given["key"] and given["organization"]:
            wanted["organization"] = given["organization"]
        if given["status"]:
            fits &= _coded(_codes(given["status"]))
        if given["code"] not in ("", REFUSED, OUTSIDE):
            fits &= _coded([given["code"]])
        return fits & Q(**wanted)

    def _window(self) -> tuple[datetime | None, datetime | None]:
        time = self.cleaned_data["time"]
        if time == OWN:
            return self.cleaned_data["start"], self.cleaned_data["end"]
        return (timezone.now() - SPANS[time] if time in SPANS else None), None


def _coded(codes: list[str]) -> Q:
    """Return the condition for calls with one of these reason codes.

    One code is a range: SQLite leaves a column with a single value out of the order, and then misses its index.
    """
    return Q(reason_code__in=codes) if len(codes) > 1 else Q(reason_code__range=codes * 2)


def _codes(status: int) -> list[str]:
    """Return the reason codes of a status as the ledger stores them; served calls have a blank one."""
    return [reason.code for reason in Reason if reason.status == status] or [""]
