"""Requests for approval, as one person makes them and another decides them."""

from dataclasses import replace
from typing import Any

from django.contrib.auth.models import User
from django.test import Client

from partners.catalogue.events import EventType
from partners.catalogue.routes import Scope
from partners.models import ApiKey, Approval, Organization
from partners.models.approvals.key import WantedKey
from partners.models.change import Change
from partners.review.approvals import asking
from tests.factories import CHANGE
from tests.partners.support.webhooks import URL

LIST = "/admin/approvals/"


def page_of(approval: Approval, page: str = "") -> str:
    return f"{LIST}{approval.pk}/{page}"


def by(user: User, reason: str = "a test") -> Change:
    return replace(CHANGE, by=user.get_username(), reason=reason)


def wanted(organization: Organization | None, **values: Any) -> WantedKey:
    return WantedKey(
        **{"organization": organization, "label": "EHR sync", "scopes": [*Scope], "by_link": False} | values
    )


def key_asked_for(asker: User | None, organization: Organization | None, **values: Any) -> Approval:
    change = CHANGE if asker is None else by(asker)
    return asking.ask_for_key(wanted(organization, **values), change, asker)


def endpoint_asked_for(asker: User, organization: Organization, url: str = URL) -> Approval:
    events = [EventType.TRANSCRIPT_READY]
    return asking.ask_for_endpoint(organization, by(asker), asker, url=url, events=events)


def scope_asked_for(asker: User, key: ApiKey) -> Approval:
    return asking.set_scopes(key, [*Scope], by(asker), asker).approval


def decide(client: Client, approval: Approval, decision: str, reason: str = "") -> Any:
    return client.post(page_of(approval), {"decision": decision, "reason": reason}, follow=True)
