"""Show the state of a webhook endpoint and of a delivery, and what an attempt got."""

import re

from django import template
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from partners.models import DeliveryState, OffWhy, WebhookAttempt, WebhookDelivery, WebhookEndpoint

register = template.Library()
CLASSES = {
    DeliveryState.WAITING: "new",
    DeliveryState.LEASED: "new",
    DeliveryState.DELIVERED: "passed",
    DeliveryState.FAILED: "failed",
    DeliveryState.DROPPED: "not_sent",
}


@register.simple_tag
def endpoint_state(endpoint: WebhookEndpoint) -> SafeString:
    """Show whether events are sent to an endpoint, by word and colour."""
    if not endpoint.is_on:
        return _state("disabled" if endpoint.off_why == OffWhy.STAFF else "failed", "Off")
    if not endpoint.has_secret_seen:
        return _state("new", "Waiting")
    return _state("failed", "Failing") if endpoint.failing_since else _state("on", "On")


@register.simple_tag
def delivery_state(delivery: WebhookDelivery) -> SafeString:
    """Show the state of a delivery by word and colour."""
    state = DeliveryState(delivery.state)
    return _state(CLASSES[state], state.label.capitalize())


@register.filter
def outcome(attempt: WebhookAttempt) -> str:
    """Return what an attempt got: the status, or the kind of failure in words."""
    return str(attempt.status or attempt.fault.replace("_", " "))


@register.filter
def seconds(attempt: WebhookAttempt) -> str:
    """Return how long an attempt took."""
    return f"{attempt.milliseconds / 1_000:.3f} s"


@register.filter
def last_attempt(delivery: WebhookDelivery) -> WebhookAttempt | None:
    """Return the last attempt of a delivery whose history has been read."""
    return next(iter(delivery.history.all()), None)


@register.filter
def breakable(text: str) -> SafeString:
    """Return a URL or a type of event that ends a line after a slash or a dot if there is no room for all of it."""
    return format_html_join(SafeString("<wbr>"), "{}", ((part,) for part in re.split("(?<=[/.])(?![/.])", text)))


def _state(name: str, word: str) -> SafeString:
    return format_html('<span class="state {}">{}</span>', name, word)
