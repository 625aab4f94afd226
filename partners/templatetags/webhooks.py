"""Show the state of a webhook endpoint and of a delivery, and what an attempt got."""

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString

from partners.models import DeliveryState, WebhookAttempt, WebhookDelivery, WebhookEndpoint

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
        return _state("off", "Off")
    if not endpoint.has_secret_seen:
        return _state("new", "Waiting")
    return _state("expiring", "Failing") if endpoint.failing_since else _state("on", "On")


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
def last_attempt(delivery: WebhookDelivery) -> WebhookAttempt | None:
    """Return the last attempt of a delivery whose history has been read."""
    return next(iter(delivery.history.all()), None)


def _state(name: str, word: str) -> SafeString:
    return format_html('<span class="state {}">{}</span>', name, word)
