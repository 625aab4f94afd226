"""The filters of the list of requests, and the search that they form."""

from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import Q
from django.utils import timezone

from partners.catalogue.reasons import Reason
from partners.catalogue.routes import Route
from partners.finding import lookup
from partners.keys.in_text import without_tokens
from partners.models import ApiKey, Organization, RequestRecord
from partners.record.ledger_pages import Rows, Search
from partners.templatetags.staff import key_name

SUGGESTIONS = 5
REFUSED, ALL, OWN, NO_ROUTE = "refused", "all", "own", "none"
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


class RequestFilter(forms.Form):
    """Which calls to show. No field is required; without a time, these are the calls of the last 24 hours."""

    organization = forms.CharField(required=False, max_length=200)
    key = forms.CharField(required=False, max_length=200, label="API key")
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
        choices=[("", "Any"), (REFUSED, "Any refusal"), *((reason.code, reason.code) for reason in Reason)],
    )
    time = forms.ChoiceField(required=False, choices=TIMES)
    start = MomentField(required=False, label="From (UTC)")
    end = MomentField(required=False, label="To (UTC)")

    def clean_organization(self) -> Organization | None:
        """Find the organization by its id or name, or by part of its name."""
        text: str = self.cleaned_data["organization"]
        return _organization(text) if text else None

    def clean_key(self) -> ApiKey | None:
        """Find the key by its id or public part."""
        text: str = self.cleaned_data["key"]
        try:
            return lookup.find_key(text) if text else None
        except ValidationError:
            raise ValidationError(
                "Enter a key_… id or a 12-character public part. To find a key by its token, use API keys.",
                code="key_not_found",
            ) from None

    def clean_time(self) -> str:
        return self.cleaned_data["time"] or TIMES[0][0]

    def clean(self) -> None:
        """Check that the time doesn't end before it begins."""
        start, end = self.cleaned_data.get("start"), self.cleaned_data.get("end")
        if start and end and start >= end:
            self.add_error("end", ValidationError("The end must be after the start.", code="range"))

    def search(self) -> Search:
        """Return the search. The form must be valid."""
        return Search(self._indexed(), self._fits(), *self._window())

    def _indexed(self) -> Rows:
        """Return the rows that an index can find: by key or else organization, and refusals or all calls."""
        given, rows = self.cleaned_data, RequestRecord.objects.all()
        if given["key"]:
            rows = rows.filter(api_key=given["key"])
        elif given["organization"]:
            rows = rows.filter(organization=given["organization"])
        return rows.exclude(reason_code="") if given["code"] or given["status"] not in ("", HTTPStatus.OK) else rows

    def _fits(self) -> Q:
        """Return the other filters. A status becomes its reason codes, which the indexes of refusals hold."""
        given, wanted = self.cleaned_data, dict[str, Any]()
        if given["route"]:
            wanted["route"] = "" if given["route"] == NO_ROUTE else given["route"]
        if given["key"] and given["organization"]:
            wanted["organization"] = given["organization"]
        if given["status"]:
            wanted["reason_code__in"] = _codes(given["status"])
        if given["code"] not in ("", REFUSED):
            wanted["reason_code"] = given["code"]
        return Q(**wanted)

    def _window(self) -> tuple[datetime | None, datetime | None]:
        time = self.cleaned_data["time"]
        if time == OWN:
            return self.cleaned_data["start"], self.cleaned_data["end"]
        return (timezone.now() - SPANS[time] if time in SPANS else None), None

    @property
    def address(self) -> dict[str, str]:
        """Return the filters for the URL, with ids for rows. The form must be valid."""
        given = self.cleaned_data
        rows = {name: given[name] and given[name].public_id for name in ("organization", "key")}
        moments = {name: given[name] and _by_the_second(given[name]) for name in ("start", "end")}
        others = {name: str(given[name]) for name in ("route", "status", "code", "time")}
        return {name: text for name, text in (rows | others | moments).items() if text}

    @property
    def narrows(self) -> bool:
        """Return True if any filter differs from the default."""
        return self.address != {"time": TIMES[0][0]}

    def tidy(self) -> None:
        """Show names in the fields instead of ids, and remove any token."""
        texts = {name: without_tokens(self.data.get(name, "")) for name in self.fields}
        found = self.cleaned_data
        if found.get("organization"):
            texts["organization"] = found["organization"].name
        if found.get("key"):
            texts["key"] = key_name(found["key"])
        self.data = texts | {name: _by_the_second(found[name]) for name in ("start", "end") if found.get(name)}


def _by_the_second(moment: datetime) -> str:
    return moment.replace(tzinfo=None).isoformat(timespec="seconds")


def _codes(status: int) -> list[str]:
    """Return the reason codes of a status as the ledger stores them; served calls have a blank one."""
    return [reason.code for reason in Reason if reason.status == status] or [""]


def _organization(text: str) -> Organization:
    try:
        return lookup.find_organization(text)
    except ValidationError:
        near = list(Organization.objects.named_like(text)[: SUGGESTIONS + 1])
    if len(near) == 1:
        return near[0]
    names = "; ".join(f"“{organization.name}”" for organization in near[:SUGGESTIONS])
    hint = f"Which of these? {names}{'; …' if len(near) > SUGGESTIONS else ''}" if near else "Check the spelling."
    raise ValidationError(f"There is no organization with this name. {hint}", code="organization_not_found")
