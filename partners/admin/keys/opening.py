"""What a new key opens: presets for its scopes, and the first access of a partner, given together with the key."""

from dataclasses import dataclass
from typing import Any

from django import forms
from django.conf import settings
from django.core.exceptions import BadRequest, PermissionDenied, ValidationError
from django.forms.boundfield import BoundWidget
from django.http import HttpRequest

from partners.catalogue import presets
from partners.catalogue.presets import OfferedPreset
from partners.catalogue.routes import Route
from partners.finding import lookup
from partners.models import Organization
from partners.models.change import Change
from partners.models.organization import ROUTE_CHOICES
from partners.review.approvals import asking

PERMISSION = "partners.change_organization"
UNASKED = (
    "Another person has to approve the access, but not a test key. Ask for the access on the organization's page, then "
    "issue the key without it."
)


class Opening(forms.Form):
    """The access that an organization gets together with its key, for another form to include."""

    allowlist = forms.BooleanField(
        required=False,
        label="Allowlist the organization",
        help_text="Without it, every call is refused, even on enabled routes.",
    )
    routes = forms.MultipleChoiceField(
        required=False, label="Routes to enable", choices=ROUTE_CHOICES, widget=forms.CheckboxSelectMultiple
    )

    @property
    def route_boxes(self) -> list[tuple[Route, BoundWidget]]:
        """Return each route with its checkbox."""
        return [(Route.named(str(box.data["value"])), box) for box in self["routes"]]

    @property
    def allowlists(self) -> bool:
        return bool(self.cleaned_data["allowlist"])

    @property
    def opened(self) -> list[Route]:
        """Return the routes to enable."""
        return [route for route in Route.grantable() if route.route_name in self.cleaned_data["routes"]]

    @property
    def opens(self) -> bool:
        """Return True if the organization gets any access."""
        return self.allowlists or bool(self.opened)

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        if settings.FOUR_EYES:
            self.fields["reason"].label = "Reason"

    def clean(self) -> None:
        """Require the reason that every change of access needs, and every request for approval."""
        super().clean()
        given = self.cleaned_data
        opens = given.get("allowlist") or given.get("routes")
        asks = asking.need_approval(is_test=given.get("kind") == "test")
        if opens and settings.FOUR_EYES and not asks:
            self.add_error("kind", ValidationError(UNASKED, code="approval_required"))
        if (opens or asks) and not given["reason"]:
            what = "enabling access" if opens else "asking for this key"
            self.add_error("reason", ValidationError(f"Give the reason for {what}.", code="reason_required"))

    def open(self, organization: Organization, change: Change) -> None:
        """Give the organization its access, as a change of its own."""
        organization.set_access(change, allowlisted=self.allowlists or None, enable=self.opened)


@dataclass(frozen=True, slots=True)
class OpeningOffer:
    """What the form offers for an organization. `opens`: it may get its first access together with the key."""

    organization: Organization | None
    presets: list[OfferedPreset]
    opens: bool

    @classmethod
    def of(cls, request: HttpRequest, organization: Organization | None) -> "OpeningOffer":
        """Return the offer to the person who asks."""
        enabled = [Route.named(name) for name in organization.enabled_routes()] if organization else []
        opens = organization is not None and not enabled and request.user.has_perm(PERMISSION)
        return cls(organization, presets.offered(enabled or Route.grantable(), by_routes=opens), opens)

    def filled_in(self, form: forms.Form, preset_name: str) -> dict[str, object]:
        """Return what the form holds, with the boxes of a preset ticked and no others."""
        chosen = next((each for each in self.presets if each.preset.preset_name == preset_name), None)
        if chosen is None:
            raise BadRequest("no such preset")
        typed = {name: form.data.get(name) for name in form.fields}
        routes = [route.route_name for route in chosen.routes] if self.opens else []
        return typed | {"scopes": [*chosen.scopes], "routes": routes, "allowlist": self.opens}


def organization_in(form: forms.Form) -> Organization | None:
    """Return the organization that is named in the form, if there is one."""
    text = form["organization"].value()
    try:
        return lookup.find_organization(text) if text else None
    except ValidationError:
        return None


def require_permission(request: HttpRequest, form: Opening) -> None:
    """Raise PermissionDenied if the form gives access, and the person may not."""
    if form.opens and not request.user.has_perm(PERMISSION):
        raise PermissionDenied
