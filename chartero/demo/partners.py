"""Two invented partner organizations, keys in every state, and a user for each role."""

import os
import secrets
from dataclasses import dataclass, replace
from typing import Any

from django.contrib.auth.models import Group, User
from django.db import connection, transaction
from django.utils import timezone

from chartero.demo import past, records, traffic
from chartero.demo.past import CHANGE
from chartero.roles import Role
from partners.catalogue.routes import Scope
from partners.keys import lifetimes
from partners.models import ApiKey, Organization
from partners.signin.guards import lockout
from partners.triggers import times

ROLES = {"staff": None, "onboarding": Role.ONBOARDING, "security": Role.SECURITY, "support": Role.SUPPORT}
CONTACT = "it@riverside.example"
MAIN, OTHER = "Northgate Family Practice (demo)", "Riverside Cardiology (demo)"


@dataclass(frozen=True, slots=True)
class Login:
    """A user of the admin, with its new password."""

    username: str
    password: str


def organizations() -> tuple[Organization, Organization]:
    """Return the two organizations. The first run creates them, with their records and keys."""
    return (
        _organization(MAIN, patients=240, encounters=2_600, seed=1),
        _organization(OTHER, patients=80, encounters=700, seed=2),
    )


def working_key(organization: Organization) -> str:
    """Issue a key that can read everything, and return its token. Tokens of earlier runs still work."""
    label = f"Demo run {timezone.now():%Y-%m-%d %H:%M:%S}"
    end = lifetimes.default_end()
    return ApiKey.issue(CHANGE, organization=organization, label=label, scopes=Scope, expires_at=end)[1].text


def logins() -> list[Login]:
    """Return a user who may do everything and one for each role, with new passwords and no lockout.

    The demonstration asks only for the password, unless the environment says otherwise.
    """
    os.environ.setdefault("CHARTERO_SECOND_FACTOR", "off")
    return [_login(name, role) for name, role in ROLES.items()]


def _login(username: str, role: Role | None) -> Login:
    user, _ = User.objects.get_or_create(username=username)
    user.is_staff, user.is_superuser = True, role is None
    login = Login(username, secrets.token_urlsafe(12))
    user.set_password(login.password)
    user.save()
    user.groups.set(Group.objects.filter(name=role.group_name) if role else [])
    lockout.forget(username)
    return login


def _organization(name: str, *, patients: int, encounters: int, seed: int) -> Organization:
    """Return the organization. It is made in short transactions; its keys come last, so they show that it is whole."""
    found = Organization.objects.filter(name=name).first()
    if found is None:
        with transaction.atomic(), times.given(connection):
            found = past.organization(name, came=45)
    if not found.api_keys.exists():
        records.make(found, patients=patients, encounters=encounters, seed=seed)
        with transaction.atomic(), times.given(connection):
            _keys_in_every_state(found)
    return found


def _keys_in_every_state(organization: Organization) -> None:
    described: dict[str, Any] = {"owner": "Integrations team", "tags": ["ehr", "production"]}
    organization.describe(CHANGE, note="Calls us before each change of their network.", **described)
    organization.comment(replace(CHANGE, reason="The partner moves to another data center next month."))
    note = "Reads new encounters every 15 minutes."
    sync = past.key(organization, "EHR sync", issued=30, ends=60, scopes=Scope, note=note, **described)
    past.key(organization, "Reporting, ends in 60 days", issued=30, ends=60)
    past.key(organization, "Staging", issued=40, ends=50, disabled=5)
    former = past.key(organization, "Former vendor", issued=40, ends=50, revoked=2)
    past.key(organization, "Nightly export", issued=20, ends=70).rotate(CHANGE)
    past.key(organization, "Pilot", issued=31, ends=-1)
    if organization.name == MAIN:
        traffic.make(organization, sync, former)
    else:
        organization.set_contact(CHANGE, name="", email=CONTACT)
