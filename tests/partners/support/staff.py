"""People of the staff, signed in, and the pages of organizations."""

from django.contrib.auth.models import Group, User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from partners.models import Organization
from partners.signin.guards import sessions

ORGANIZATIONS = "/admin/partners/organization/"


def signed_in(group: str | None) -> Client:
    """Return a client of a person in this group, or in none. The second factor has to be off."""
    user = User.objects.create_user(f"{group}-person", password="invented", is_staff=True)
    if group:
        user.groups.add(Group.objects.get(name=group))
    client = Client()
    client.force_login(user)
    return client


def make_stale(client: Client) -> None:
    """Let the password have been given too long ago."""
    session = client.session
    session[sessions.PROVED] = 0
    session.save()


def page_of(organization, page="change") -> str:
    return f"{ORGANIZATIONS}{organization.pk}/{page}/"


def access(organization) -> tuple[bool, list[str]]:
    """Return whether the organization is allowlisted, and its routes."""
    organization = Organization.objects.get(pk=organization.pk)
    return organization.allowlisted, organization.enabled_routes()


def statements(client: Client, path: str) -> int:
    """Return how many statements the page takes, the answer being good."""
    with CaptureQueriesContext(
        connection,
    ) as captured:
        assert client.get(path).status_code == 200
    return len(captured)


def signed_in_as(name: str, group: str) -> Client:
    """Return a client of a person with this name in this group; `client.user` is the person."""
    client = Client()
    client.user = User.objects.create_user(name, password="invented", is_staff=True)
    client.user.groups.add(Group.objects.get(name=group))
    client.force_login(client.user)
    return client
