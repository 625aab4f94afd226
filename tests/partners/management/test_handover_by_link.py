"""issue_key and rotate_key with --handover: the contact gets a link, and nobody sees a token."""

import json
import re
from datetime import timedelta

import pytest
from django.core import mail
from django.core.management import CommandError, call_command
from django.utils import timezone

from partners.models import ApiKey, HandoverState, KeyHandover, Organization
from tests.factories import CHANGE, issue
from tests.partners.support.handing_over import CONTACT, FROM, links_mailed
from tests.partners.support.postbox import Postbox

pytestmark = pytest.mark.django_db


@pytest.fixture
def partner(organization, postbox) -> Organization:
    organization.set_contact(CHANGE, name="", email=CONTACT)
    return organization


def issued(partner, *given, **options) -> None:
    arguments = ["--organization", partner.name, "--label", "EHR sync", "--scope", "encounters:read", "--handover"]
    call_command("issue_key", *arguments, *given, **options)


def test_a_link_is_sent_and_no_token_is_printed(partner, capsys):
    issued(partner, "--json", "--by", "ada", "--ticket", "OPS-7")
    report, handover = json.loads(capsys.readouterr().out), KeyHandover.objects.get()
    assert report == {
        "link": handover.pk,
        "organization_id": partner.public_id,
        "label": "EHR sync",
        "replaced_key_id": None,
        "state": "sent",
        "sent_to": CONTACT,
        "link_expires_at": report["link_expires_at"],
    }
    assert links_mailed()[0] not in str(report)
    assert (handover.sent_by, handover.sender, handover.ticket) == ("ada", None, "OPS-7")
    assert not ApiKey.objects.exists()
    assert handover.collect(FROM)


@pytest.mark.parametrize(
    ("expires", "lifespan"), [(None, "90 days"), ("12h", "12 hours"), ("30d", "30 days"), ("never", ""), ("date", "")]
)
def test_a_span_counts_from_the_collection(partner, settings, expires, lifespan):
    settings.KEY_LIFETIME_DAYS = 90
    day = (timezone.now() + timedelta(days=9)).date()
    issued(partner, *(["--expires", str(day) if expires == "date" else expires] if expires else []))
    handover = KeyHandover.objects.get()
    assert handover.lifespan == lifespan
    assert (handover.expires_at is not None) == (expires == "date")


def test_a_code_is_printed_once(partner, capsys):
    issued(partner, "--phone-code")
    code = re.search("phone_code +([0-9]{4} [0-9]{4})", capsys.readouterr().out)[1]
    assert KeyHandover.objects.get().accept_code(code, FROM)
    assert code not in mail.outbox[0].body


def test_a_rotation_begins_with_the_collection(partner, capsys):
    key, _ = issue(partner)
    call_command("rotate_key", key.public_id, "--overlap", "2h", "--handover")
    handover = KeyHandover.objects.get()
    assert key.public_id in capsys.readouterr().out
    assert (handover.replaces, handover.overlap) == (key, timedelta(hours=2))
    assert ApiKey.objects.get().rotated_at is None


def test_a_link_that_cannot_be_sent_waits(partner):
    Postbox.down = True
    with pytest.raises(CommandError, match="Send it again on the page of link"):
        issued(partner)
    assert KeyHandover.objects.get().state is HandoverState.UNSENT


@pytest.mark.parametrize(
    ("setting", "value", "says"),
    [("BASE_URL", "", "Set CHARTERO_BASE_URL"), ("DEFAULT_FROM_EMAIL", "", "E-mail is not configured.")],
)
def test_what_is_missing_is_said_before_anything_is_prepared(partner, settings, setting, value, says):
    setattr(settings, setting, value)
    with pytest.raises(CommandError, match=says):
        issued(partner)
    assert not KeyHandover.objects.exists()


def test_a_link_needs_an_organization_with_a_contact(postbox):
    with pytest.raises(CommandError, match="Name the organization"):
        call_command("issue_key", "--label", "EHR sync", "--scope", "encounters:read", "--handover")


def test_a_file_and_a_link_exclude_each_other(partner, tmp_path):
    with pytest.raises(CommandError, match="not allowed with"):
        issued(partner, "--out", str(tmp_path / "key"))
