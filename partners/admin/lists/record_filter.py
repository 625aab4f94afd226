"""What the filters of requests and of changes share: an organization, a key, a time, and the URL that says so.

Filters come by POST and lead to such a URL, so that a token pasted into a field doesn't get into one.
"""

from datetime import datetime
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from partners.finding import lookup
from partners.keys.in_text import without_tokens
from partners.models import ApiKey, Organization
from partners.templatetags.staff import key_name

SUGGESTIONS = 5
ALL, OWN = "all", "own"


class RecordFilter(forms.Form):
    """Filters that are all optional. Subclasses add `time`, whose first choice is the default, `start` and `end`."""

    organization = forms.CharField(required=False, max_length=200)
    key = forms.CharField(required=False, max_length=200, label="API key")

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
        return self.cleaned_data["time"] or self._default_time

    def clean(self) -> None:
        """Check that the time doesn't end before it begins."""
        start, end = self.cleaned_data.get("start"), self.cleaned_data.get("end")
        if start and end and start >= end:
            self.add_error("end", ValidationError("The end must be after the start.", code="range"))

    @property
    def address(self) -> dict[str, str]:
        """Return the filters for the URL, with ids for rows. The form must be valid."""
        texts = {name: _for_url(self.cleaned_data[name]) for name in self.fields}
        return {name: text for name, text in texts.items() if text}

    @property
    def callers(self) -> dict[str, str]:
        """Return whose calls or changes these are, for the URL: a key, an organization, or everyone's."""
        return {name: text for name, text in self.address.items() if name in ("organization", "key")}

    @property
    def narrows(self) -> bool:
        """Return True if any filter differs from the default."""
        return self.address != {"time": self._default_time}

    def tidy(self) -> None:
        """Show names in the fields instead of ids, and remove any token."""
        texts = {name: without_tokens(self.data.get(name, "")) for name in self.fields}
        found = self.cleaned_data
        if found.get("organization"):
            texts["organization"] = found["organization"].name
        if found.get("key"):
            texts["key"] = key_name(found["key"])
        moments = {name: _for_url(found[name]) for name in ("start", "end") if found.get(name)}
        self.data = texts | moments

    @property
    def _default_time(self) -> str:
        return str(self.fields["time"].choices[0][0])  # type: ignore[attr-defined]


def _for_url(value: Any) -> str:
    if isinstance(value, ApiKey | Organization):
        return value.public_id
    if isinstance(value, datetime):
        return value.replace(tzinfo=None).isoformat(timespec="seconds")
    return str(value or "")


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
