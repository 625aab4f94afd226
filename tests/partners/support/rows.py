"""What the database holds of a key, what opens it, and how one is made to expire."""

from datetime import timedelta

from partners.keys import digests
from partners.models import ApiKey


def stored(key: ApiKey) -> dict:
    """Return all that is stored of a key."""
    row = ApiKey.objects.values().get(pk=key.pk) | {"scopes": held(key)}
    return row | {"digest": bytes(row["digest"])}


def held(key: ApiKey) -> set[str]:
    """Return the names of its scopes."""
    return set(key.scopes.values_list("name", flat=True))


def opens(key: ApiKey, token: str) -> bool:
    return digests.matches(token, key.digest, key.digest_key_number)


def expire(key: ApiKey) -> None:
    ApiKey.objects.filter(pk=key.pk).update(expires_at=key.created_at + timedelta(microseconds=1))
    key.refresh_from_db()
