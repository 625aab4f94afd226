"""The address that a request of staff comes from."""

from django.conf import settings
from django.http import HttpRequest


def client_address(request: HttpRequest) -> str:
    """Return the client's address: the last hop that our own proxy saw, where there is one, else the peer's."""
    if settings.BEHIND_PROXY:
        hops = request.META.get("HTTP_X_FORWARDED_FOR", "").split(",")
        return hops[-1].strip() or "unknown"
    return request.META.get("REMOTE_ADDR") or "unknown"
