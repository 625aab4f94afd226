"""The forms of organizations. The models hold the rules; the forms put each error next to its field."""

from django import forms

from partners.admin.forms import ChangeForm, ReasonForm
from partners.catalogue.routes import Route
from partners.diagnosis.grid import Access
from partners.finding import last_use
from partners.models import Organization
from partners.models.organization import ROUTE_CHOICES

ALLOWLIST = "allowlist"
SHOWS = (("", "All"), ("allowlisted", "Allowlisted"), ("refused", "Not allowlisted"), ("nothing", "Nothing enabled"))
MORE = ("owner", "tag")


class SearchForm(forms.Form):
    """A search in the list of organizations."""

    q = forms.CharField(required=False, max_length=200, label="Name or id", widget=forms.TextInput({"type": "search"}))
    show = forms.ChoiceField(required=False, choices=SHOWS, label="Show")
    route = forms.ChoiceField(required=False, choices=[("", "Any"), *ROUTE_CHOICES], label="Route enabled")
    used = forms.ChoiceField(required=False, choices=[("", "Any time"), *last_use.CHOICES], label="Last used")
    owner = forms.CharField(required=False, max_length=200, label="Owner")
    tag = forms.CharField(required=False, max_length=200, label="Tag")

    @property
    def usual(self) -> list[forms.BoundField]:
        """Return the fields that the list always shows."""
        return [self[name] for name in self.fields if name not in MORE]

    @property
    def more(self) -> list[forms.BoundField]:
        """Return the fields that the list folds."""
        return [self[name] for name in MORE]

    @property
    def uses_more(self) -> bool:
        """Return True if a folded field is in use."""
        return any(self.data.get(name) for name in MORE)

    @property
    def narrows(self) -> bool:
        """Return True if anything is searched or filtered for."""
        return any(self.data.get(name) for name in self.fields)

    @property
    def chosen(self) -> dict[str, str]:
        """Return what is searched and filtered for; nothing if the form has errors."""
        return {name: value for name, value in self.cleaned_data.items() if value} if self.is_valid() else {}


class ContactForm(ReasonForm):
    """The contact at the partner."""

    contact_name = Organization._meta.get_field("contact_name").formfield(label="Contact (optional)")
    contact_email = Organization._meta.get_field("contact_email").formfield(label="Contact's e-mail (optional)")
    field_order = ["contact_name", "contact_email", "reason", "ticket"]


class PurposeForm(ReasonForm):
    """Why the partner receives patient data."""

    purpose = Organization._meta.get_field("purpose").formfield(
        label="Purpose (optional)",
        help_text="Why this partner receives patient data, in words a patient can read (for example: Treatment). "
        "Shown in every accounting of disclosures from now on.",
    )
    field_order = ["purpose", "reason", "ticket"]


class NamesForm(ReasonForm):
    """Whether the partner receives patients' names and dates of birth."""

    receives_names = forms.TypedChoiceField(
        label="Receives names and dates of birth",
        choices=[(True, "Yes"), (False, "No")],
        coerce=lambda text: text == "True",
        help_text="If not, first_name, last_name and date_of_birth are null in every answer. The text of notes and "
        "transcripts is not changed and may name the patient. Copies that the partner already has don't change either.",
    )
    field_order = ["receives_names", "reason", "ticket"]


class LimitForm(ReasonForm):
    """How many calls a minute all keys of the organization may make together."""

    calls_per_minute = Organization._meta.get_field("calls_per_minute").formfield(
        label="Calls a minute, all keys together (optional)",
        help_text="Calls beyond the limit are refused with rate_limited for the rest of the minute. Leave it empty for "
        "no limit. A key can also have a limit of its own.",
    )
    field_order = ["calls_per_minute", "reason", "ticket"]


class NewOrganizationForm(ContactForm, PurposeForm):
    """A new organization. It can't call anything yet, so the reason is optional."""

    reason = ChangeForm.base_fields["reason"]  # type: ignore[assignment]

    name = Organization._meta.get_field("name").formfield(
        help_text="The partner's own name. It can't be changed later."
    )
    field_order = ["name", "contact_name", "contact_email", "purpose", "reason", "ticket"]


class AccessForm(ReasonForm):
    """What an organization may call. Only boxes that differ from what the page showed are changed.

    So a page that was opened before another person's change doesn't undo that change.
    """

    allowlisted = forms.BooleanField(
        required=False,
        label="Allowlisted for the external API",
        help_text="Without it, every call is refused, even on enabled routes.",
    )
    routes = forms.MultipleChoiceField(required=False, choices=ROUTE_CHOICES, widget=forms.CheckboxSelectMultiple)
    shown = forms.MultipleChoiceField(
        required=False, choices=[(ALLOWLIST, ALLOWLIST), *ROUTE_CHOICES], widget=forms.MultipleHiddenInput
    )
    confirmed = forms.CharField(required=False, widget=forms.HiddenInput)

    @classmethod
    def showing(cls, access: Access, suggested: Access | None = None) -> "AccessForm":
        """Return the form with the current access, and with the boxes ticked that are suggested besides."""
        routes = [route.route_name for route in Route.grantable() if route in access.routes]
        shown = [*([ALLOWLIST] if access.allowlisted else []), *routes]
        more = suggested or Access(False, frozenset())
        return cls(
            initial={
                "allowlisted": access.allowlisted or more.allowlisted,
                "routes": [*routes, *(route.route_name for route in more.routes)],
                "shown": shown,
            }
        )

    @property
    def boxes(self) -> list[tuple[Route, forms.boundfield.BoundWidget]]:
        """Return each route with its checkbox."""
        return [(Route.named(str(box.data["value"])), box) for box in self["routes"]]

    @property
    def allowlist(self) -> bool | None:
        """Return the new value of the allowlist; None if it is not changed."""
        wanted: bool = self.cleaned_data["allowlisted"]
        return None if wanted == (ALLOWLIST in self.cleaned_data["shown"]) else wanted

    @property
    def enable(self) -> list[Route]:
        return [route for route in Route.grantable() if self._box(route) == (True, False)]

    @property
    def disable(self) -> list[Route]:
        return [route for route in Route.grantable() if self._box(route) == (False, True)]

    @property
    def switched_off(self) -> str:
        """Return the names of everything that is switched off, which a confirmation repeats."""
        names = [route.route_name for route in self.disable]
        return ", ".join([*([ALLOWLIST] if self.allowlist is False else []), *names])

    def on_top_of(self, access: Access) -> Access:
        """Return the access that saving this form would give."""
        allowlisted = access.allowlisted if self.allowlist is None else self.allowlist
        return Access(allowlisted, access.routes.union(self.enable).difference(self.disable))

    def _box(self, route: Route) -> tuple[bool, bool]:
        """Return True or False for a route's box as it was sent, and as the page showed it."""
        return route.route_name in self.cleaned_data["routes"], route.route_name in self.cleaned_data["shown"]
