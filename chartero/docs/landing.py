"""Public pages at the root: the landing page, and `security.txt` (RFC 9116)."""

from datetime import UTC, datetime, timedelta
from urllib.parse import quote

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from chartero.docs.views import frame
from partners.api.base_url import stated

VALID = timedelta(days=180)  # RFC 9116, section 2.5.5: less than a year is recommended
IN_AN_ADDRESS = "@!$'*+-._~"  # RFC 6068, section 2: what needs no escape in a mailto URI


@require_safe
def landing(request: HttpRequest) -> HttpResponse:
    """Point partners to the developer pages, and staff to the sign-in page."""
    return render(request, "landing.html", frame() | {"contact_email": settings.CONTACT_EMAIL})


@require_safe
def security_txt(request: HttpRequest) -> HttpResponse:
    """Say where to report a vulnerability. Respond 404 if no contact is set."""
    if not settings.CONTACT_EMAIL:
        raise Http404("No contact is set.")
    lines = [
        f"Contact: mailto:{quote(settings.CONTACT_EMAIL, safe=IN_AN_ADDRESS)}",
        f"Expires: {_expires():%Y-%m-%dT%H:%M:%SZ}",
        "Preferred-Languages: en",
        *([f"Canonical: {stated()}{reverse('security_txt')}"] if stated() else []),
    ]
    return HttpResponse("".join(f"{line}\n" for line in lines), content_type="text/plain; charset=utf-8")


def _expires() -> datetime:
    """Return an expiry time that stays the same all day."""
    return timezone.now().astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0) + VALID
