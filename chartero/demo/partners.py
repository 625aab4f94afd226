"""Two invented partner organizations, keys in every state, and two logins."""

import secrets
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.contrib.auth.models import Permission, User
from django.db import transaction
from django.utils import timezone

from chartero.demo import records
from partners.events import Change
from partners.models import ApiKey, Organization
from partners.routes import Route, Scope

CHANGE = Change(by="demo", source="manage.py demo", reason="demonstration")
MAIN, OTHER = "Northgate Family Practice (demo)", "Riverside Cardiology (demo)"


@dataclass(frozen=True, slots=True)
class Login:
    """A login of the admin, with the password that was made for it just now."""

    username: str
    password: str


def organizations() -> tuple[Organization, Organization]:
    """Return the two organizations; their records and keys are made with them, once."""
    return (
        _organization(MAIN, patients=240, encounters=2_600, seed=1),
        _organization(OTHER, patients=80, encounters=700, seed=2),
    )


def working_key(organization: Organization) -> str:
    """Issue a key that may read everything, and return its token. Tokens of earlier runs go on working."""
    label = f"Demo run {timezone.now():%Y-%m-%d %H:%M:%S}"
    return ApiKey.issue(CHANGE, organization=organization, label=label, scopes=Scope)[1].text


def logins() -> list[Login]:
    """Return a staff and a support login, each with a new password."""
    staff, support = (Login(name, secrets.token_urlsafe(12)) for name in ("staff", "support"))
    for login in (staff, support):
        user, _ = User.objects.get_or_create(username=login.username)
        user.is_staff, user.is_superuser = True, login is staff
        user.set_password(login.password)
        user.save()
    viewing = Permission.objects.filter(
        content_type__app_label__in=["partners", "encounters"], codename__startswith="view_"
    )
    User.objects.get(username=support.username).user_permissions.set(viewing)
    return [staff, support]


@transaction.atomic
def _organization(name: str, *, patients: int, encounters: int, seed: int) -> Organization:
    found = Organization.objects.filter(name=name).first()
    if found is not None:
        return found
    organization = Organization.create(name, CHANGE)
    organization.set_access(CHANGE, allowlisted=True, enable=Route)
    records.make(organization, patients=patients, encounters=encounters, seed=seed)
    _keys_in_every_state(organization)
    return organization


def _keys_in_every_state(organization: Organization) -> None:
    def issue(label: str, **values: Any) -> ApiKey:
        return ApiKey.issue(CHANGE, organization=organization, label=label, scopes=Scope, **values)[0]

    now = timezone.now()
    issue("EHR sync")
    issue("Reporting, ends in 60 days", expires_at=now + timedelta(days=60))
    issue("Staging").disable(CHANGE)
    issue("Former vendor").revoke(CHANGE)
    issue("Nightly export").rotate(CHANGE)
    expired = issue("Pilot")
    ApiKey.objects.filter(pk=expired.pk).update(created_at=now - timedelta(days=31), expires_at=now - timedelta(days=1))
