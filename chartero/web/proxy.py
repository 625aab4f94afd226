"""The proxy in front of a deployment: did a request use https, and how must the proxy be set up to say so."""

import logging
from collections.abc import Callable
from enum import Enum

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

logger = logging.getLogger(__name__)

FORWARDED = ("HTTP_X_FORWARDED_PROTO", "HTTP_X_FORWARDED_FOR", "HTTP_X_FORWARDED_HOST", "HTTP_FORWARDED", "HTTP_VIA")


class ProxyFault(Enum):
    """A problem between a proxy and this deployment that a request shows, and how the operator fixes it."""

    PROXY_NOT_SET = (
        "A proxy forwarded this request, but this deployment is not set up to be behind a proxy.",
        "Set CHARTERO_BEHIND_PROXY=1 and restart. The proxy must set X-Forwarded-For and X-Forwarded-Proto.",
    )
    SCHEME_NOT_TOLD = (
        "The proxy doesn't tell this deployment if your browser used https.",
        "Make the proxy send X-Forwarded-Proto with each request.",
    )
    SCHEME_DIFFERS = (
        "Your browser used https, but this deployment was told that it used http.",
        "Set CHARTERO_BEHIND_PROXY=1, restart, and make the proxy send X-Forwarded-Proto: https.",
    )
    HOST_DIFFERS = (
        "The form came from an address that differs from the Host header.",
        "If both are this site, make the proxy forward the Host header unchanged, with its port, or set "
        "CHARTERO_BASE_URL to the address that browsers show.",
    )

    def __init__(self, finding: str, to_do: str) -> None:
        self.finding = finding
        self.to_do = to_do

    @classmethod
    def of(cls, request: HttpRequest) -> "ProxyFault | None":
        """Return the first fault that a request shows, or None."""
        if not settings.BEHIND_PROXY and any(name in request.META for name in FORWARDED):
            return cls.PROXY_NOT_SET
        if settings.BEHIND_PROXY and "HTTP_X_FORWARDED_PROTO" not in request.META:
            return cls.SCHEME_NOT_TOLD
        scheme, _, host = request.META.get("HTTP_ORIGIN", "").partition("://")
        if scheme == "https" and not request.is_secure():
            return cls.SCHEME_DIFFERS
        return cls.HOST_DIFFERS if host and host != request.get_host() else None


def is_private(request: HttpRequest) -> bool:
    """Return True if a request used https, or if this deployment doesn't require it."""
    return not settings.REQUIRE_HTTPS or request.is_secure()


class HttpsMiddleware:
    """Refuse pages over plain http if https is required, and explain what is wrong."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if is_private(request):
            return self.get_response(request)
        return _refused(request, "403_https.html", ProxyFault.of(request))


def form_refused(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Refuse a form without a valid CSRF token (`CSRF_FAILURE_VIEW`): the page has expired, or a proxy is at fault."""
    return _refused(request, "403_csrf.html", ProxyFault.of(request))


def _refused(request: HttpRequest, template: str, fault: ProxyFault | None) -> HttpResponse:
    if fault is not None:
        logger.warning("a page was refused", extra={"check": fault.name.lower(), "status": 403})
    return render(request, template, {"fault": fault}, status=403)
