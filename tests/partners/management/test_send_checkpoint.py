"""`send_checkpoint`: the last seal, by e-mail, to whoever keeps it."""

import pytest

from partners.models import ChangeEvent, Seal
from partners.models.change import Action
from partners.seals.checkpoints import Checkpoint
from tests.partners.support.command_line import refused, run_json
from tests.partners.support.sealed import sealed_record

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("postbox")]


@pytest.fixture(autouse=True)
def officer(settings):
    settings.SECURITY_EMAIL = ["security@example.org"]


def test_the_checkpoint_in_the_mail_can_be_compared(mailoutbox):
    sealed_record()
    assert run_json("send_checkpoint") == {"seal": 6, "sent_to": ["security@example.org"]}
    (mail,) = mailoutbox
    assert (mail.to, mail.subject) == (["security@example.org"], "Checkpoint of the record: seal 6")
    text = mail.body[mail.body.index("{") : mail.body.rindex("}") + 1]
    assert Checkpoint.read(text) == Checkpoint.of(Seal.objects.newest())
    sent = ChangeEvent.objects.get(action=Action.CHECKPOINT_SENT)
    assert (sent.source, sent.after) == ("command line", {"seal": 6, "to": "security@example.org"})


def test_without_an_address_or_a_seal_it_says_what_to_do(settings):
    assert refused("send_checkpoint") == "Nothing is sealed yet. Run seal_records."
    settings.SECURITY_EMAIL = []
    assert refused("send_checkpoint") == "Nobody is named. Set CHARTERO_SECURITY_EMAIL."
