"""The address of this deployment, as partners and staff write it."""

from django.conf import settings
from django.http import HttpRequest


def base_url(request: HttpRequest) -> str:
    """Return the stated address, else the scheme and the host that the request names; without a slash at its end."""
    return stated() or f"{request.scheme}://{request.get_host()}"


def stated() -> str:
    """Return the address that the settings state; empty if they state none."""
    return str(settings.BASE_URL).rstrip("/")
