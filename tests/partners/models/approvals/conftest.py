"""Two people of onboarding and one of support, and a deployment with four eyes."""

import pytest
from django.contrib.auth.models import Group, User

from partners.catalogue.routes import Route, Scope
from partners.models import ApiKey, Organization
from tests.factories import CHANGE, issue


def person(name: str, group: str = "Partner onboarding") -> User:
    user = User.objects.create_user(name, is_staff=True)
    user.groups.add(Group.objects.get(name=group))
    return user


@pytest.fixture
def partner(organization) -> Organization:
    organization.set_access(CHANGE, disable=[Route.DOCUMENTS_AUDIO])
    return organization


@pytest.fixture
def narrow_key(partner) -> ApiKey:
    return issue(partner, scopes=[Scope.ENCOUNTERS_READ])[0]


@pytest.fixture
def asker(narrow_key) -> User:
    return person("ada")


@pytest.fixture
def approver(narrow_key) -> User:
    return person("ben")


@pytest.fixture(autouse=True)
def four_eyes(narrow_key, settings) -> None:
    """Switch it on, once the other rows are there."""
    settings.FOUR_EYES = True
