"""The home page: what needs attention and what to do about it, and how many calls there are."""

from typing import Any

from django.db import connection
from django.http import HttpRequest
from django.template.response import TemplateResponse

from partners.admin.base import render
from partners.admin.keys import rotations
from partners.admin.keys.filters import SOON
from partners.finding.found import Found
from partners.finding.last_use import STILL_USED
from partners.models import AccessReview, ApiKeySwitch
from partners.partitions import present
from partners.record import refused
from partners.record.unknown_callers import wrong_secrets
from partners.review import attention, links, onboarding
from partners.review.approvals import waiting
from partners.seals import attention as seals
from partners.signin.base import person
from partners.triggers import times
from partners.usage import chart
from partners.webhooks import stalled


def home(request: HttpRequest) -> TemplateResponse:
    """Show what needs attention and how many calls there are, as far as this person may see it."""
    may_see_calls = request.user.has_perm("partners.view_requestrecord")
    of_service = (_about_seals, _about_switch, _about_clock, _about_months)
    about = (_about_keys, _about_calls, _about_requests, _about_organizations, _about_reviews, *of_service)
    found = {name: value for each in about for name, value in each(request).items()}
    return render(
        request,
        "admin/index.html",
        title="What needs attention",
        days=SOON.days,
        still_used=STILL_USED.days,
        found=found,
        calm=not any(found.values()),
        unkeyed=refused.unkeyed() if may_see_calls else [],
        usage=chart.of_all(request.GET.get("usage", "")) if may_see_calls else None,
    )


def _about_keys(request: HttpRequest) -> dict[str, Any]:
    if not request.user.has_perm("partners.view_apikey"):
        return {}
    return {
        "leaked": attention.leaked(),
        "expiring": attention.expiring(SOON),
        "expiring_idle": attention.expiring_idle(SOON),
        "digests": attention.digest_health(),
        "handovers": links.needing_staff(),
        "approvals": waiting.for_person(person(request)),
    }


def _about_calls(request: HttpRequest) -> dict[str, Any]:
    if not request.user.has_perms(["partners.view_apikey", "partners.view_requestrecord"]):
        return {}
    return {
        "guessing": wrong_secrets.networks_with_many(),
        "wrong_secrets": wrong_secrets.keys_with_many(),
        "refused": refused.refused_keys(),
        "rotations": rotations.under_way(SOON),
    }


def _about_requests(request: HttpRequest) -> dict[str, Any]:
    if not request.user.has_perm("partners.decide_onboardingrequest"):
        return {}
    return {"access_requests": onboarding.waiting()}


def _about_organizations(request: HttpRequest) -> dict[str, Any]:
    if not request.user.has_perm("partners.view_organization"):
        return {}
    return {
        "stalled": stalled.found(),
        "failing_webhooks": Found.of(attention.failing_webhooks()),
        "idle": Found.of(attention.nothing_enabled().order_by("name_key")),
    }


def _about_reviews(request: HttpRequest) -> dict[str, Any]:
    if not request.user.has_perm("partners.sign_accessreview"):
        return {}
    return {"review_due": AccessReview.is_due()}


def _about_clock(request: HttpRequest) -> dict[str, Any]:
    if not person(request).is_superuser:
        return {}
    drift = times.drift(connection)
    return {"clock": round(abs(drift).total_seconds()) if times.noticeable(drift) else None}


def _about_seals(request: HttpRequest) -> dict[str, Any]:
    if not request.user.has_perm("partners.view_changeevent"):
        return {}
    return {"seals": seals.problems()}


def _about_months(request: HttpRequest) -> dict[str, Any]:
    return {"months": present.faults(connection)} if person(request).is_superuser else {}


def _about_switch(request: HttpRequest) -> dict[str, Any]:
    if not request.user.has_perm("partners.view_apikeyswitch"):
        return {}
    return {"off": None if ApiKeySwitch.is_on() else attention.switch_state()}
