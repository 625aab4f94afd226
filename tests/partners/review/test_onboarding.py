"""What staff and the operator's schedule do about access requests: e-mail, and deletion."""

from datetime import timedelta

import pytest
from django.core.mail import EmailMessage
from django.utils import timezone

from partners.models import OnboardingCount, OnboardingRequest
from partners.models.onboarding.request import KEPT
from tests.factories import CHANGE
from tests.partners.support.asking import GIVEN, asked
from tests.partners.support.command_line import refused, run, run_json

pytestmark = pytest.mark.django_db
SEND = "send_alerts"


@pytest.mark.usefixtures("postbox")
def test_staff_get_one_email_about_new_requests_without_their_words(mailoutbox):
    asked()
    asked("192.0.2.0/24")
    asked("203.0.113.0/24").decline(CHANGE)
    assert run(SEND) == "New access requests: 2\n"
    assert run_json(SEND)["access_requests"] == 0
    (mail,) = mailoutbox
    assert (mail.subject, mail.to) == ("2 new access requests", ["one@example.com", "two@example.com"])
    assert "2 access requests wait for a decision" in mail.body
    assert "https://api.example.com/admin/access-requests/" in mail.body
    assert not any(value in mail.body for value in GIVEN.values())
    asked("192.0.2.0/24")
    run(SEND)
    assert mailoutbox[1].subject == "1 new access request"
    assert "1 access request waits" in mailoutbox[1].body


@pytest.mark.usefixtures("postbox")
def test_what_could_not_be_sent_is_sent_by_the_next_run(monkeypatch):
    asked()
    with monkeypatch.context() as context:
        context.setattr(EmailMessage, "send", lambda self: (_ for _ in ()).throw(ConnectionRefusedError("words")))
        assert "The next run tries again." in refused(SEND)
    assert run_json(SEND)["access_requests"] == 1


@pytest.mark.parametrize(("options", "left"), [([], 1), (["--dry-run"], 2)])
def test_requests_are_deleted_some_time_after_the_decision(options, left):
    asked().decline(CHANGE)
    OnboardingRequest.objects.update(decided_at=timezone.now() - KEPT)
    asked()
    assert run_json("prune_records", *options)["access_requests"] == 1
    assert OnboardingRequest.objects.count() == left


@pytest.mark.parametrize(("options", "left"), [([], 0), (["--dry-run"], 2)])
def test_the_networks_of_earlier_days_are_forgotten_although_nobody_sends_another_request(options, left, clock):
    asked()
    run("prune_records")
    assert OnboardingCount.objects.count() == 2
    clock(timezone.now() + timedelta(days=1))
    run("prune_records", *options)
    assert OnboardingCount.objects.count() == left
