"""The forms about leaked keys: the text to search, what to do about each key, and the period of what one read."""

from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta
from typing import Any

from django import forms
from django.core import signing
from django.core.exceptions import ValidationError
from django.http import QueryDict
from django.utils import timezone
from django.utils.datastructures import MultiValueDict

from partners.admin.forms import PeriodForm, PeriodReportForm, ReasonForm
from partners.diagnosis.pasted import Match
from partners.leaks.reporting import Finding, Response
from partners.models import ApiKey
from partners.models.keys.leak import LONGEST_PLACE, Proof
from partners.text import printable

LIFETIME = 3600  # seconds in which the keys of a search can be reported
SALT = "partners.leaks"
LEAVE_OUT = ""
USUAL = timedelta(days=365)  # what a key read is counted for a year at first: few keys live longer


class NotShownAgain(forms.Textarea):
    """A text that may hold a token. No page repeats it."""

    def format_value(self, value: Any) -> None:
        """Return nothing to show."""


class SearchForm(PeriodForm):
    """A text or a file that may hold keys, and the period of what they read."""

    text = forms.CharField(
        required=False,
        label="Text",
        strip=False,
        widget=NotShownAgain({"rows": 8, "autocomplete": "off", "spellcheck": "false", "class": "mono"}),
        help_text="A log, a commit, a message, an environment file: up to 256 KiB. It is searched and never kept.",
    )
    file = forms.FileField(
        required=False,
        allow_empty_file=True,
        label="Or a file (optional)",
        help_text="Up to 1 MiB, in any format that holds text. For larger files, run manage.py report_leak.",
    )
    field_order = ["text", "file", "since", "until"]

    def __init__(self, data: QueryDict | None, files: "MultiValueDict[str, Any] | None", *, with_period: bool) -> None:
        super().__init__(data, files, label_suffix="", initial={"since": (timezone.now() - USUAL).date().isoformat()})
        if not with_period:
            del self.fields["since"], self.fields["until"]

    def clean(self) -> None:
        """Require something to search."""
        super().clean()
        if not self.errors and not self.cleaned_data["text"] and not self.cleaned_data["file"]:
            self.add_error("text", ValidationError("Paste a text or choose a file.", code="nothing_given"))

    def bits(self) -> Iterator[str]:
        """Yield the text, and the text of the file."""
        yield self.cleaned_data["text"]
        if self.cleaned_data["file"]:
            yield "\n"
            yield self.cleaned_data["file"].read().decode("utf-8", errors="replace")


class ReportForm(ReasonForm):
    """Where keys were found, and what to do about each of them."""

    place = forms.CharField(
        label="Where it was found",
        max_length=LONGEST_PLACE,
        validators=[printable],
        help_text="For example the URL of a commit. The partner reads it in the message. Don't paste the key.",
    )
    notify = forms.BooleanField(
        required=False,
        initial=True,
        label="E-mail the contact of each organization",
        help_text="Once for each place, and again if a later text proves more.",
    )
    confirmed = forms.BooleanField(required=False, label="Yes, revoke the keys that I chose to revoke, for good")
    found = forms.CharField(widget=forms.HiddenInput)
    field_order = ["place", "reason", "ticket", "notify", "confirmed", "found"]

    def __init__(self, matches: Sequence[Match], may: Callable[[str], bool], data: QueryDict | None = None) -> None:
        super().__init__(data, initial={"found": signed(matches)})
        self.matches = matches
        for match in matches:
            self.fields[_name(match.key)] = _choice(match, may)

    def rows(self) -> Iterator[tuple[Match, forms.BoundField]]:
        """Yield each key with the field that says what to do about it."""
        for match in self.matches:
            yield match, self[_name(match.key)]

    def findings(self) -> list[Finding]:
        """Return what to do, without the keys that are left out."""
        chosen = [(match, self.cleaned_data[_name(match.key)]) for match in self.matches]
        return [Finding(match.key, match.proof, Response(choice)) for match, choice in chosen if choice]

    def clean(self) -> None:
        """Require a key, and a confirmation if one is revoked."""
        super().clean()
        chosen = {self.cleaned_data.get(_name(match.key)) for match in self.matches}
        if not self.errors and chosen == {LEAVE_OUT}:
            raise ValidationError("Choose what to do about at least one key.", code="nothing_chosen")
        if Response.REVOKE.value in chosen and not self.cleaned_data.get("confirmed"):
            self.add_error("confirmed", ValidationError("Confirm that you revoke these keys.", code="not_confirmed"))


class ReadsForm(PeriodReportForm):
    """The period and the reason of a question what a key read."""

    too_long = "This takes too long for a page. Choose a shorter period, or run manage.py report_leak."
    reason = forms.CharField(
        widget=forms.Textarea({"rows": 2}),
        help_text="For example: notice of a breach. Logged with your name.",
    )
    field_order = ["since", "until", "reason", "ticket"]


def signed(matches: Sequence[Match]) -> str:
    """Return the keys of a search and what it proved, for the form that reports them."""
    return signing.dumps([[match.key.pk, match.proof.code] for match in matches], salt=SALT)


def found_again(text: str) -> list[Match]:
    """Return the keys that `signed()` wrote; none if the form was open for too long."""
    try:
        proofs = dict(signing.loads(text, salt=SALT, max_age=LIFETIME))
    except signing.BadSignature:
        return []
    keys = ApiKey.objects.select_related("organization").in_bulk(proofs)
    return [Match(keys[pk], Proof.coded(code)) for pk, code in proofs.items()]


def _name(key: ApiKey) -> str:
    return f"key_{key.pk}"


def _choice(match: Match, may: Callable[[str], bool]) -> forms.ChoiceField:
    """Return what this person can do about a key in its state. A key that is only quoted is left out at first."""
    key, quoted = match.key, match.proof in (Proof.PUBLIC_PART, Proof.MISMATCH)
    choices = [(LEAVE_OUT, "Leave out"), (Response.NOTIFY.value, "Report only")]
    if may("partners.disable_apikey") and not (key.revoked_at or key.disabled_at):
        choices.append((Response.DISABLE.value, "Report and disable"))
    if may("partners.revoke_apikey") and not key.revoked_at:
        choices.append((Response.REVOKE.value, "Report and revoke"))
    words = {"aria-label": f"What to do about {key.quotable}…"}
    initial = LEAVE_OUT if quoted else Response.NOTIFY.value
    return forms.ChoiceField(choices=choices, initial=initial, required=False, widget=forms.Select(words))
