"""A run that something goes wrong with: nothing that was done is lost or untold."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.core import mail
from django.db import OperationalError

from partners.catalogue.routes import Scope
from partners.management.moving import carrying_out
from partners.management.moving.carrying_out import OF_STAFF, Run
from partners.management.moving.gathering import gathered
from partners.management.moving.plan import Plan, plans_for
from partners.management.moving.reading import rows_in
from partners.models import Approval, HandoverState, KeyHandover, Organization
from partners.models.approvals.key import WantedKey
from tests.factories import CHANGE, issue
from tests.partners.support.postbox import Postbox
from tests.partners.support.spreadsheet import LAKESIDE, saved

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("postbox")]
DOWN = "The database can't be reached or is busy. Try again."


def planned(folder, *lines: str) -> list[Plan]:
    rows, faults = rows_in(saved(folder, *lines))
    plans = plans_for(gathered(rows, faults), faults)
    assert faults == []
    return plans


def practices(number: int) -> list[str]:
    return [f"Practice {each},,it@practice{each}.example,,encounters,Viewer" for each in range(number)]


def names_here() -> list[str]:
    return [*Organization.objects.order_by("pk").values_list("name", flat=True)]


@pytest.fixture
def clashing(organization, settings) -> str:
    """A row whose label looks like that of another key."""
    settings.ACCEPT_TEST_KEYS = True
    organization.set_contact(CHANGE, name="", email="a@b.example")
    issue(organization, label="VIEWER", is_test=True)
    return f"{organization.name},,,,encounters,Viewer"


def test_a_partner_that_is_refused_holds_back_no_other(tmp_path, clashing, organization):
    first, second = practices(2)
    plans, run = planned(tmp_path, first, clashing, second), Run(CHANGE)
    run.create(plans)
    assert [(line, facts["organization"]) for line, facts in run.refused.items()] == [(3, organization.name)]
    assert names_here() == [organization.name, "Practice 0", "Practice 1"]
    assert run.send(plans) == []
    assert len(mail.outbox) == 2


def test_staff_are_told_once_of_what_was_asked_for(tmp_path, clashing, settings):
    settings.FOUR_EYES = True
    run = Run(CHANGE)
    run.create(planned(tmp_path, *practices(2), clashing))
    assert [*run.refused] == [4]
    assert [message.subject for message in mail.outbox] == ["2 changes wait for approval"]
    assert {each.pk for each in run.approvals} == {each.pk for each in Approval.objects.all()}


def fail_from(monkeypatch, owner, name: str, call: int, fault: Exception) -> None:
    """Let a method raise this from its nth call on."""
    real, calls = getattr(owner, name), []

    def called(*args, **options):
        calls.append(1)
        if len(calls) >= call:
            raise fault
        return real(*args, **options)

    monkeypatch.setattr(owner, name, called)


def test_a_database_that_fails_ends_it_with_a_report(tmp_path, monkeypatch):
    monkeypatch.setattr(carrying_out, "AT_ONCE", 1)
    fail_from(monkeypatch, KeyHandover, "prepare", 2, OperationalError())
    plans, run = planned(tmp_path, *practices(3)), Run(CHANGE)
    run.create(plans)
    assert {line: facts["message"] for line, facts in run.refused.items()} == {3: DOWN, 4: DOWN}
    assert names_here() == ["Practice 0"]
    assert run.send(plans) == []


def test_staff_are_told_whatever_ends_it(tmp_path, monkeypatch, settings):
    settings.FOUR_EYES = True
    monkeypatch.setattr(carrying_out, "AT_ONCE", 1)
    fail_from(monkeypatch, WantedKey, "check", 2, KeyboardInterrupt())
    with pytest.raises(KeyboardInterrupt):
        Run(CHANGE).create(planned(tmp_path, *practices(2)))
    assert [message.subject for message in mail.outbox] == ["A change waits for approval"]


def test_a_database_that_fails_while_links_are_sent_is_reported(tmp_path, monkeypatch):
    plans, run = planned(tmp_path, *practices(2)), Run(CHANGE)
    run.create(plans)
    fail_from(monkeypatch, KeyHandover, "new_link", 2, OperationalError())
    assert [(each["organization"], each["message"]) for each in run.send(plans)] == [("Practice 1", DOWN)]


@pytest.mark.parametrize(("down", "tried", "left"), [(True, 2, 5), (False, 5, 0)], ids=["silent", "slow"])
def test_a_mail_server_is_waited_for_while_it_takes_mails(tmp_path, slow_postbox, monkeypatch, down, tried, left):
    monkeypatch.setattr(Postbox, "down", down)
    plans, run = planned(tmp_path, *practices(5)), Run(CHANGE)
    run.create(plans)
    assert len(run.send(plans)) == left
    assert Postbox.opened == tried


@pytest.fixture
def unsent(tmp_path, monkeypatch) -> KeyHandover:
    """The link of a run while the mail server was down."""
    monkeypatch.setattr(Postbox, "down", True)
    plans, run = planned(tmp_path, LAKESIDE), Run(CHANGE)
    run.create(plans)
    assert len(run.send(plans)) == 1
    monkeypatch.setattr(Postbox, "down", False)
    return KeyHandover.objects.get()


def sent_again(folder) -> list[str]:
    """Return why the next run doesn't send its links."""
    return [each["message"] for each in Run(CHANGE).send(planned(folder, LAKESIDE))]


def test_a_link_that_nobody_could_collect_is_not_sent(tmp_path, unsent, settings):
    unsent.organization.set_access(CHANGE, allowlisted=False)
    assert sent_again(tmp_path) == ["The organization is not allowlisted. Allowlist it first."]
    unsent.organization.set_access(CHANGE, allowlisted=True)
    settings.FOUR_EYES = True
    (message,) = sent_again(tmp_path)
    assert message.startswith("This key was not approved by a second person.")
    assert mail.outbox == []


def test_a_link_goes_to_the_contact_of_now(tmp_path, unsent):
    unsent.organization.set_contact(CHANGE, name="", email="other@lakeside.example")
    assert sent_again(tmp_path) == []
    assert mail.outbox[0].to == ["other@lakeside.example"]


@pytest.mark.parametrize("way", ["code", "person"])
def test_what_staff_prepared_is_not_sent_without_them(tmp_path, way):
    Run(CHANGE).create(planned(tmp_path, LAKESIDE.replace("Viewer", "Other")))
    organization = Organization.objects.get()
    user = User.objects.create_user("ada") if way == "person" else None
    link = KeyHandover.prepare(
        CHANGE, user, organization=organization, label="Viewer", scopes=[*Scope], lifetime=timedelta(days=9)
    )
    if way == "code":
        link.new_link(CHANGE, None, with_code=True)
        link.note_not_sent(CHANGE)
    assert sent_again(tmp_path) == [OF_STAFF]
    link.refresh_from_db()
    assert link.state is HandoverState.UNSENT
