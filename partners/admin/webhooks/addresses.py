"""The URLs of the pages of webhooks, for the site to include."""

from django.urls import URLPattern, path

from partners.admin.webhooks import deliveries, endpoints, secrets


def urls() -> list[URLPattern]:
    """Return the URLs of endpoints and deliveries."""
    return [
        path("webhooks/<int:endpoint>/", endpoints.show, name="webhook_endpoint"),
        path("webhooks/<int:endpoint>/test/", endpoints.send_test, name="webhook_test"),
        path("webhooks/<int:endpoint>/off/", endpoints.switch_off, name="webhook_off"),
        path("webhooks/<int:endpoint>/on/", endpoints.switch_on, name="webhook_on"),
        path("webhooks/<int:endpoint>/replay/", endpoints.replay, name="webhook_replay"),
        path("webhooks/<int:endpoint>/secret/", secrets.renew, name="webhook_secret"),
        path("webhooks/<int:endpoint>/secret/hand-over/", secrets.hand_over, name="webhook_secret_hand_over"),
        path("webhooks/<int:endpoint>/secret/finish/", secrets.finish, name="webhook_secret_finish"),
        path("webhooks/deliveries/<int:delivery>/", deliveries.show, name="webhook_delivery"),
        path("webhooks/deliveries/<int:delivery>/replay/", deliveries.replay, name="webhook_delivery_replay"),
    ]
