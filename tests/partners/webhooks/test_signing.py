"""The headers of an attempt: the contract's and those of Standard Webhooks, verified by independent code."""

import base64
import hashlib
import hmac
import time

import pytest

from partners.keys.digests import DigestKeyUnavailable
from partners.webhooks import signing
from tests.factories import CHANGE
from tests.partners.support.webhooks import added, delivery_to

pytestmark = pytest.mark.django_db
NOW = 1_780_000_000


@pytest.fixture
def delivery(organization):
    return delivery_to(added(organization))


def headers(delivery) -> dict[str, str]:
    return signing.headers(delivery, delivery.event.body(), NOW)


def expected(secret: str, body: bytes) -> str:
    key = base64.b64decode(secret.removeprefix("whsec_"))
    return "v1=" + hmac.new(key, f"{NOW}.".encode() + body, hashlib.sha256).hexdigest()


def test_the_contracts_headers_name_the_event_the_delivery_and_the_time(delivery):
    sent = headers(delivery)
    assert sent["ChartHero-Event-Id"] == sent["webhook-id"] == delivery.event.public_id
    assert sent["ChartHero-Delivery-Id"] == delivery.public_id
    assert sent["ChartHero-Timestamp"] == sent["webhook-timestamp"] == str(NOW)
    assert (sent["ChartHero-Webhook-Version"], sent["Content-Type"]) == ("2026-05-01", "application/json")
    assert sent["ChartHero-Signature"] == expected(delivery.endpoint.secret(1), delivery.event.body())


def test_a_new_secret_signs_beside_the_old_one_in_the_standard_header_alone(delivery):
    old, endpoint = delivery.endpoint.secret(1), delivery.endpoint
    alone = headers(delivery)["webhook-signature"]
    endpoint.new_secret(CHANGE, beside=True)
    beside, new = headers(delivery), endpoint.secret(2)
    assert beside["ChartHero-Signature"] == expected(old, delivery.event.body())
    assert beside["webhook-signature"].split()[0] == alone
    endpoint.show_secret(CHANGE)
    endpoint.finish_new_secret(CHANGE)
    after = headers(delivery)
    assert after["ChartHero-Signature"] == expected(new, delivery.event.body())
    assert beside["webhook-signature"].split()[1] == after["webhook-signature"]


def test_nothing_is_signed_without_the_digest_key(delivery, settings):
    settings.DIGEST_KEYS = ""
    with pytest.raises(DigestKeyUnavailable):
        headers(delivery)


def test_the_library_of_standard_webhooks_verifies_each_secret(delivery):
    library = pytest.importorskip("standardwebhooks")
    delivery.endpoint.new_secret(CHANGE, beside=True)
    secrets = delivery.endpoint.secret(1), delivery.endpoint.secret(2)
    body, now = delivery.event.body(), int(time.time())
    sent = signing.headers(delivery, body, now)
    for secret in secrets:
        assert library.Webhook(secret).verify(body, sent)["id"] == delivery.event.public_id
    with pytest.raises(library.WebhookVerificationError):
        library.Webhook(secrets[0]).verify(body + b" ", sent)
