"""The forms of organizations and of the global switch. The models hold the rules; here each refusal finds its field."""

from django import forms

from partners.admin.forms import ChangeForm
from partners.catalogue.routes import Route
from partners.diagnosis.grid import Access
from partners.models import Organization
from partners.models.organization import ROUTE_CHOICES
from partners.text import printable_lines

ALLOWLIST = "allowlist"
SHOWS = (("", "All"), ("allowlisted", "Allowlisted"), ("refused", "Not allowlisted"), ("nothing", "Nothing enabled"))


class SearchForm(forms.Form):
    """Which organizations to list."""

    q = forms.CharField(required=False, max_length=200, label="Name or id", widget=forms.TextInput({"type": "search"}))
    show = forms.ChoiceField(required=False, choices=SHOWS, label="Show")

    @property
    def narrows(self) -> bool:
        """Tell whether less than the whole list is asked for."""
        return any(self.data.get(name) for name in self.fields)


class ReasonForm(ChangeForm):
    """A change for which the reason has to be said."""

    reason = forms.CharField(
        widget=forms.Textarea({"rows": 2}), help_text="Saved in the audit record.", validators=[printable_lines]
    )


class ContactForm(ReasonForm):
    """Whom to ask at the partner."""

    contact_name = Organization._meta.get_field("contact_name").formfield(label="Contact (optional)")
    contact_email = Organization._meta.get_field("contact_email").formfield(label="Contact's e-mail (optional)")
    field_order = ["contact_name", "contact_email", "reason", "ticket"]


class PurposeForm(ReasonForm):
    """For what patients' data are disclosed to the partner."""

    purpose = Organization._meta.get_field("purpose").formfield(
        label="Purpose (optional)",
        help_text="For what it gets patients' data, as a patient may read it: Treatment. It stands in every accounting "
        "of disclosures, from now on.",
    )
    field_order = ["purpose", "reason", "ticket"]


class NewOrganizationForm(ContactForm, PurposeForm):
    """A new organization. It may call nothing yet, so that no reason is needed."""

    reason = ChangeForm.base_fields["reason"]  # type: ignore[assignment]

    name = Organization._meta.get_field("name").formfield(
        help_text="As the partner calls itself. It stays: an organization is not renamed here."
    )
    field_order = ["name", "contact_name", "contact_email", "purpose", "reason", "ticket"]


class AccessForm(ReasonForm):
    """What an organization may call. Only what differs from what the page showed is changed.

    So a page that was opened before somebody else's change does not undo it.
    """

    allowlisted = forms.BooleanField(
        required=False,
        label="Allowlisted for the external API",
        help_text="Without it every call is refused, whatever else is enabled.",
    )
    routes = forms.MultipleChoiceField(required=False, choices=ROUTE_CHOICES, widget=forms.CheckboxSelectMultiple)
    shown = forms.MultipleChoiceField(
        required=False, choices=[(ALLOWLIST, ALLOWLIST), *ROUTE_CHOICES], widget=forms.MultipleHiddenInput
    )
    confirmed = forms.CharField(required=False, widget=forms.HiddenInput)

    @classmethod
    def showing(cls, access: Access) -> "AccessForm":
        """Return the form that shows what is given now."""
        routes = [route.route_name for route in Route if route in access.routes]
        shown = [*([ALLOWLIST] if access.allowlisted else []), *routes]
        return cls(initial={"allowlisted": access.allowlisted, "routes": routes, "shown": shown})

    @property
    def boxes(self) -> list[tuple[Route, forms.boundfield.BoundWidget]]:
        """Return each route with its checkbox."""
        return [(Route.named(str(box.data["value"])), box) for box in self["routes"]]

    @property
    def allowlist(self) -> bool | None:
        """Return the answer that is asked for, None where it stays as it was shown."""
        wanted: bool = self.cleaned_data["allowlisted"]
        return None if wanted == (ALLOWLIST in self.cleaned_data["shown"]) else wanted

    @property
    def enable(self) -> list[Route]:
        """Return the routes to enable."""
        return [route for route in Route if self._box(route) == (True, False)]

    @property
    def disable(self) -> list[Route]:
        """Return the routes to disable."""
        return [route for route in Route if self._box(route) == (False, True)]

    @property
    def switched_off(self) -> str:
        """Name what is to be taken away: what a confirmation has to confirm."""
        names = [route.route_name for route in self.disable]
        return ", ".join([*([ALLOWLIST] if self.allowlist is False else []), *names])

    def on_top_of(self, access: Access) -> Access:
        """Return what would be given once this is saved."""
        allowlisted = access.allowlisted if self.allowlist is None else self.allowlist
        return Access(allowlisted, access.routes.union(self.enable).difference(self.disable))

    def _box(self, route: Route) -> tuple[bool, bool]:
        """Tell whether a route is ticked, and whether it was so when the page was shown."""
        return route.route_name in self.cleaned_data["routes"], route.route_name in self.cleaned_data["shown"]
