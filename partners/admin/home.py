"""The first page: what needs attention, and what to do about it."""

from typing import Any

from django.db.models.functions import Lower
from django.http import HttpRequest
from django.template.response import TemplateResponse

from partners import attention
from partners.admin.base import render
from partners.admin.key_filters import SOON


def home(request: HttpRequest) -> TemplateResponse:
    """Show what needs the attention of this person, by what they may see."""
    found = _about_keys(request) | _about_organizations(request) | _about_switch(request)
    calm = not any(found.values())
    return render(request, "admin/index.html", title="What needs attention", days=SOON.days, found=found, calm=calm)


def _about_keys(request: HttpRequest) -> dict[str, Any]:
    if not request.user.has_perm("partners.view_apikey"):
        return {}
    return {"expiring": attention.expiring(SOON), "digests": attention.digest_health()}


def _about_organizations(request: HttpRequest) -> dict[str, Any]:
    if not request.user.has_perm("partners.view_organization"):
        return {}
    return {"idle": attention.Found.of(attention.nothing_enabled().order_by(Lower("name")))}


def _about_switch(request: HttpRequest) -> dict[str, Any]:
    if not request.user.has_perm("partners.view_apikeyswitch"):
        return {}
    switch = attention.switch_state()
    return {"off": None if switch.on else switch}
