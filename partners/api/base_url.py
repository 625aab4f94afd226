"""The public address of this deployment."""

from django.conf import settings
from django.http import HttpRequest


def base_url(request: HttpRequest) -> str:
    """Return the address from the settings, or else the request's scheme and host, without a trailing slash."""
    return stated() or f"{request.scheme}://{request.get_host()}"


def stated() -> str:
    """Return the address from the settings without a trailing slash, or "" if it isn't set."""
    return str(settings.BASE_URL).rstrip("/")
