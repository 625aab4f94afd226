"""The global switch: its state, its last change, and the page that changes it."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from partners.admin.base import needs, render
from partners.admin.forms import SwitchForm
from partners.finding import found
from partners.models import ApiKey, ApiKeySwitch, KeyState
from partners.review import attention
from partners.signin.guards.freshness import fresh_password


@needs("partners.view_apikeyswitch")
def show(request: HttpRequest) -> HttpResponse:
    """Show the state of the switch and its last change."""
    return render(request, "partners/switch.html", title="Global switch", switch=attention.switch_state())


@needs("partners.turn_apikeyswitch")
@fresh_password
def turn(request: HttpRequest) -> HttpResponse:
    """Switch API keys off or on for everyone."""
    switch = attention.switch_state()
    form = SwitchForm(request.POST if request.method == "POST" else None, initial={"to": "off" if switch.on else "on"})
    if form.is_valid() and (said := form.attempt(lambda: _turn(request, form))):
        messages.success(request, said)
        return redirect("admin:switch")
    return render(
        request,
        "partners/switch_turn.html",
        title="Switch API keys off" if switch.on else "Switch API keys on",
        switch=switch,
        form=form,
        keys=found.Found.of(ApiKey.objects.in_state(KeyState.ACTIVE).order_by()),
    )


def _turn(request: HttpRequest, form: SwitchForm) -> str:
    on = form.cleaned_data["to"] == "on"
    ApiKeySwitch.turn(on, form.change(request))
    return f"API-key authentication is {'on' if on else 'off'} for everyone."
