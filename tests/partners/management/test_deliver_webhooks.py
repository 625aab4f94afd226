"""`manage.py deliver_webhooks`: what it reports, and how it ends."""

import os
import signal
import threading

import pytest

from partners.webhooks.delivery import sending
from partners.webhooks.delivery.sending import Answer
from partners.webhooks.delivery.service import Service
from tests.factories import CHANGE
from tests.partners.support.command_line import refused, run_json
from tests.partners.support.webhooks import added

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("threads", ["0", "257"])
def test_a_number_of_threads_out_of_bounds_is_refused(threads):
    assert "from 1 to 256" in refused("deliver_webhooks", "--threads", threads)


def test_what_is_due_is_sent_and_counted(organization, monkeypatch):
    monkeypatch.setattr(Service.__init__, "__defaults__", (32, lambda url, headers, body: Answer(status=500)))
    added(organization).send_test(CHANGE)
    assert run_json("deliver_webhooks") == {"succeeded": 0, "failed": 1, "not_sent": 0}
    assert sending.PATIENCE == 15


@pytest.mark.parametrize("name", ["SIGTERM", "SIGINT"])
def test_a_service_ends_when_it_is_told_to(name):
    before = signal.getsignal(signal.SIGTERM)
    threading.Timer(0.3, os.kill, (os.getpid(), getattr(signal, name))).start()
    assert run_json("deliver_webhooks", "--serve") == {"succeeded": 0, "failed": 0, "not_sent": 0}
    assert signal.getsignal(signal.SIGTERM) is before
