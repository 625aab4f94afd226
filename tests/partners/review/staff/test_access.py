"""Which organizations and keys have access now."""

from datetime import timedelta

import pytest

from partners.catalogue.routes import Route, Scope
from partners.formats.moments import rfc3339
from partners.models import ApiKey
from partners.review.staff import access
from tests.factories import CHANGE, OrganizationFactory, issue
from tests.partners.support.calls import used

pytestmark = pytest.mark.django_db


def test_an_organization_with_its_routes_and_keys():
    organization = OrganizationFactory(routes=[Route.ENCOUNTERS_LIST], owner="team")
    key = used(issue(organization, scopes=[Scope.PATIENTS_READ, Scope.ENCOUNTERS_READ])[0], days=1)
    key.disable(CHANGE)
    assert access.of_partners() == [
        {
            "organization_id": organization.public_id,
            "name": organization.name,
            "allowlisted": True,
            "routes": ["encounters.list"],
            "owner": "team",
            "keys": [
                {
                    "key_id": key.public_id,
                    "public_part": key.quotable,
                    "label": key.label,
                    "state": "disabled",
                    "scopes": ["encounters:read", "patients:read"],
                    "owner": "",
                    "expires_at": rfc3339(key.expires_at),
                    "last_used_at": rfc3339(key.last_used_at),
                }
            ],
        }
    ]


def test_an_organization_without_routes_has_access_through_a_key_only_while_it_is_in_force():
    organization = OrganizationFactory(routes=[])
    assert access.of_partners() == []
    key = issue(organization)[0]
    assert [each["keys"][0]["key_id"] for each in access.of_partners()] == [key.public_id]
    ApiKey.objects.filter(pk=key.pk).update(expires_at=key.created_at + timedelta(microseconds=1))
    assert access.of_partners() == []
    other = issue(organization)[0]
    other.revoke(CHANGE)
    assert access.of_partners() == []


def test_they_are_in_the_order_of_their_names():
    for name in ("beta", "Alpha"):
        issue(OrganizationFactory(name=name), label="Second"), issue(OrganizationFactory(name=f"{name} 2"))
    assert [each["name"] for each in access.of_partners()] == ["Alpha", "Alpha 2", "beta", "beta 2"]
