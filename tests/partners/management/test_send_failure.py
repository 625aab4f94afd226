"""`send_failure`: staff are told what failed, also if the database is what failed."""

import socket

import pytest

from tests.partners.support.command_line import refused, run_json

pytestmark = pytest.mark.usefixtures("postbox")


def test_staff_are_told_without_a_database(mailoutbox, settings):
    settings.STAFF_EMAIL = ["staff@example.org"]
    told = run_json("send_failure", "chartero-run@count_usage")
    assert told == {"unit": "chartero-run@count_usage", "sent_to": ["staff@example.org"]}
    (mail,) = mailoutbox
    assert (mail.to, mail.subject) == (
        ["staff@example.org"],
        f"chartero-run@count_usage failed on {socket.gethostname()}",
    )
    assert "journalctl -u 'chartero-run@count_usage'" in mail.body


def test_without_an_address_it_says_what_to_set(settings):
    settings.STAFF_EMAIL = []
    assert refused("send_failure", "chartero-backup") == "Email is not configured. Set CHARTERO_STAFF_EMAIL."
