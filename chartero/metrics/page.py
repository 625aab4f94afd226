"""The page `/metrics`, for whoever has the token: the text format of Prometheus.

It needs no database, no session and no Host, like a probe. Without a token in the settings there is no such page.
"""

from collections.abc import Callable
from hmac import compare_digest

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from encounters import replica

PATH = "/metrics"
FORMAT = "text/plain; version=0.0.4; charset=utf-8"  # which every release of Prometheus reads
REALM = 'Bearer realm="metrics"'


def counting() -> Callable[[HttpRequest, HttpResponse], None] | None:
    """Return what counts the answers to calls, or None if nobody reads it. Also count where they read."""
    if not settings.METRICS_TOKEN:
        return None
    from chartero.metrics.calls import CALLS

    replica.read_from.connect(CALLS.note_read)
    return CALLS.note


def answer(request: HttpRequest) -> HttpResponse | None:
    """Return the metrics, or None for any other request."""
    if request.path_info != PATH or not settings.METRICS_TOKEN:
        return None
    if not _is_allowed(request):
        return _response(401, b"unauthorized\n", **{"WWW-Authenticate": REALM})
    if request.method not in ("GET", "HEAD"):
        return _response(405, b"method not allowed\n", Allow="GET, HEAD")
    from chartero.metrics import text

    return _response(200, text.text(), content_type=FORMAT)


def _is_allowed(request: HttpRequest) -> bool:
    scheme, _, token = request.META.get("HTTP_AUTHORIZATION", "").partition(" ")
    is_right = compare_digest(token.strip().encode(), settings.METRICS_TOKEN.encode())
    return is_right and scheme.lower() == "bearer"


def _response(
    status: int, body: bytes, content_type: str = "text/plain; charset=utf-8", **headers: str
) -> HttpResponse:
    fixed = {"Cache-Control": "no-store", "Content-Length": str(len(body)), "X-Content-Type-Options": "nosniff"}
    return HttpResponse(body, status=status, content_type=content_type, headers=fixed | headers)
