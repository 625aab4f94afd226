"""Who may sign in, for a review of access."""

import pytest
from django.contrib.auth.models import Group, User

from partners.formats.moments import rfc3339
from partners.signin import people
from partners.signin.guards import totp
from partners.signin.models import Phone
from tests.factories import START

pytestmark = pytest.mark.django_db


def test_everybody_who_can_sign_in_is_listed_by_name():
    ada = User.objects.create_user("ada", is_staff=True, first_name="Ada", last_name="Invented", last_login=START)
    ada.groups.add(*Group.objects.filter(name__in=["Support", "Security"]))
    Phone.objects.create(user=ada, name="phone", seed=totp.new_seed(), last_step=0)
    User.objects.create_user("Abel", is_staff=True, is_superuser=True)
    User.objects.create_user("gone", is_staff=True, is_active=False)
    User.objects.create_user("no staff")
    assert people.with_access() == [
        {
            "name": "Abel",
            "person": "",
            "roles": [],
            "superuser": True,
            "second_factor": False,
            "last_sign_in": None,
        },
        {
            "name": "ada",
            "person": "Ada Invented",
            "roles": ["Security", "Support"],
            "superuser": False,
            "second_factor": True,
            "last_sign_in": rfc3339(START),
        },
    ]
