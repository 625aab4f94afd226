"""Who may sign in, for a review of access."""

from typing import Any

from django.contrib.auth.models import User
from django.db.models import Exists, OuterRef

from partners.formats.moments import rfc3339
from partners.signin.models import Phone


def with_access() -> list[dict[str, Any]]:
    """Return each active person on staff, by name."""
    people = User.objects.filter(is_active=True, is_staff=True).order_by("username").prefetch_related("groups")
    has_phone = Exists(Phone.objects.filter(user=OuterRef("pk")))
    return [
        {
            "name": person.username,
            "person": person.get_full_name(),
            "roles": sorted(group.name for group in person.groups.all()),
            "superuser": person.is_superuser,
            "second_factor": person.has_phone,
            "last_sign_in": rfc3339(person.last_login),
        }
        for person in people.annotate(has_phone=has_phone)
    ]
