"""The state of an endpoint by colour, and its URL."""

import pytest
from django.utils import timezone

from partners.models import OffWhy, WebhookEndpoint
from partners.templatetags.webhooks import breakable, endpoint_state

NOW = timezone.now()


@pytest.mark.parametrize(
    ("values", "shown"),
    [
        ({"off_at": NOW, "off_why": OffWhy.STAFF}, '<span class="state disabled">Off</span>'),
        ({"off_at": NOW, "off_why": OffWhy.GONE}, '<span class="state failed">Off</span>'),
        ({"off_at": NOW, "off_why": OffWhy.FAILING}, '<span class="state failed">Off</span>'),
        ({"failing_since": NOW, "shown_generation": 1}, '<span class="state failed">Failing</span>'),
        ({"shown_generation": 1}, '<span class="state on">On</span>'),
        ({}, '<span class="state new">Waiting</span>'),
    ],
)
def test_what_staff_switched_off_is_no_alarm_and_what_fails_is_one(values, shown):
    assert endpoint_state(WebhookEndpoint(**values)) == shown


def test_a_line_may_end_after_a_slash_or_a_dot_and_the_text_is_escaped():
    assert breakable("https://a.example/b/?c&d") == "https://<wbr>a.<wbr>example/<wbr>b/<wbr>?c&amp;d"
