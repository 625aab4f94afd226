"""The page of the networks that a key may be used from."""

from collections.abc import Iterable, Sequence
from typing import Any

from django import forms
from django.forms.boundfield import BoundWidget
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import URLPattern, path
from django.utils import timezone

from partners.admin.base import needs, render
from partners.admin.forms import ReasonForm
from partners.admin.keys.changing import PAGE, KeyVerb
from partners.models import AllowedNetwork, ApiKey, KeyNetwork, NetworkMode
from partners.models.change import Action
from partners.models.keys.allowed_network import written
from partners.record import networks as seen
from partners.record.traffic import WEEK

SHOWN = 10  # networks in use
ABOUT = {
    NetworkMode.OFF: "Calls from every network are accepted. The list is kept.",
    NetworkMode.WATCH: "Calls from other networks are accepted too, but marked in Requests.",
    NetworkMode.ENFORCE: "Calls from other networks are refused. Only key.read, which describes the key, still works.",
}


class NetworksForm(ReasonForm):
    """The allowed networks of a key, one on a line with its name, and what happens to calls from elsewhere."""

    mode = forms.ChoiceField(choices=NetworkMode.choices, widget=forms.RadioSelect)
    networks = forms.CharField(
        required=False,
        label="Networks",
        max_length=10_000,
        widget=forms.Textarea({"rows": 6, "class": "mono", "spellcheck": "false", "autocapitalize": "off"}),
        help_text="One on each line, with its name: 203.0.113.0/24 Main office. An address is a network of one.",
    )
    confirmed = forms.BooleanField(required=False)
    field_order = ["mode", "networks", "reason", "ticket", "confirmed"]

    @classmethod
    def showing(cls, mode: str, networks: Iterable[AllowedNetwork | KeyNetwork], **given: str) -> "NetworksForm":
        """Return the form with this list, and what else was given already."""
        return cls(initial=given | {"mode": mode, "networks": "\n".join(map(_line, networks))})

    def clean_networks(self) -> list[AllowedNetwork]:
        """Return the unsaved rows of the list."""
        return AllowedNetwork.listed(written(self.cleaned_data["networks"].splitlines()))

    @property
    def modes(self) -> list[tuple[BoundWidget, str]]:
        """Return the box of each mode, and what the mode does."""
        return [(box, about) for box, about in zip(self["mode"], ABOUT.values(), strict=True)]

    def shut_out(self, used: Iterable[KeyNetwork]) -> list[KeyNetwork]:
        """Return the networks used in the last 7 days whose calls would be refused. The form must be valid."""
        if self.cleaned_data["mode"] != NetworkMode.ENFORCE:
            return []
        since, rows = timezone.now() - WEEK, self.cleaned_data["networks"]
        lately = [each for each in used if each.last_served_at and each.last_served_at > since]
        return [each for each in lately if not seen.is_listed(each, rows)]


NETWORKS = KeyVerb(
    title="Allowed networks",
    form=NetworksForm,
    apply=lambda key, change, given: key.set_networks(given["mode"], given["networks"], change),
    done="Networks saved. They apply from the next call.",
    name="networks",
    action=Action.NETWORKS_CHANGED,
)


def urls() -> list[URLPattern]:
    """Return the URL of the page, relative to the list of API keys."""
    return [path("<int:pk>/networks/", networks, name="partners_apikey_networks")]


@needs("partners.network_apikey")
def networks(request: HttpRequest, pk: int) -> HttpResponse:
    """Change the allowed networks of a key. To shut out a network in use takes a confirmation."""
    key = get_object_or_404(ApiKey.objects.select_related("organization"), pk=pk)
    used, given = seen.served_from(key), request.POST
    if request.method != "POST":
        return _ask(request, key, used, NetworksForm.showing(key.network_mode, key.allowed_networks.all()))
    if given.get("step") == "use":
        kept = {name: given.get(name, "") for name in ("reason", "ticket")}
        return _ask(request, key, used, NetworksForm.showing(given.get("mode", ""), used, **kept))
    form = NetworksForm(given)
    shut_out = form.shut_out(used) if form.is_valid() and not form.cleaned_data["confirmed"] else []
    if form.is_valid() and not shut_out and NETWORKS.carry_out(request, key, form):
        return redirect(PAGE, key.pk)
    return _ask(request, key, used, form, shut_out)


def _ask(
    request: HttpRequest,
    key: ApiKey,
    used: Sequence[KeyNetwork],
    form: NetworksForm,
    shut_out: Sequence[KeyNetwork] = (),
) -> HttpResponse:
    rows = list(key.allowed_networks.all())
    return render(
        request,
        "partners/networks.html",
        title=NETWORKS.title,
        key=key,
        form=form,
        refusal=key.refusal(NETWORKS.action),
        shut_out=shut_out,
        used=[(each, seen.is_listed(each, rows)) for each in used[:SHOWN]],
        more=len(used[SHOWN:]),
    )


def _line(network: Any) -> str:
    """Return a network with its name; one that was only seen gets a name that says so."""
    if isinstance(network, AllowedNetwork):
        return str(network)
    return f"{network} Seen since {network.first_seen_at:%Y-%m-%d}"
