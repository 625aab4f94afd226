"""A request: asked for, approved by another person, once, and made as it was asked for."""

from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from partners.catalogue.routes import Route, Scope
from partners.keys import lifetimes
from partners.models import ApiKey, Approval, ApprovalState, ChangeEvent, KeyHandover, Organization
from partners.models.approvals.fields import READY_FOR
from partners.models.change import Action
from partners.models.handover import obstacles
from partners.review.approvals import asking
from tests.factories import CHANGE, issue
from tests.partners.models.approvals.conftest import person
from tests.partners.support.approving import by, endpoint_asked_for, key_asked_for, scope_asked_for, wanted
from tests.partners.support.handing_over import CONTACT, FROM, prepared, sent
from tests.partners.support.webhooks import URL, added


def code_of(act) -> str:
    with pytest.raises(ValidationError) as refused:
        act()
    return refused.value.code


def scopes(key: ApiKey) -> set[str]:
    return set(key.scopes.values_list("name", flat=True))


@pytest.mark.parametrize(
    "act",
    [
        lambda key: ApiKey.issue(CHANGE, organization=key.organization, label="new", scopes=[]),
        lambda key: key.set_scopes([*Scope], CHANGE),
        lambda key: key.add_scopes([*Scope], CHANGE),
        lambda key: key.organization.set_access(CHANGE, enable=[Route.DOCUMENTS_AUDIO]),
        lambda key: prepared(key.organization),
        lambda key: added(key.organization),
    ],
)
def test_no_model_gives_more_access_without_a_second_person(narrow_key, act):
    before = scopes(narrow_key), narrow_key.organization.enabled_routes(), ApiKey.objects.count()
    assert code_of(lambda: act(narrow_key)) == "approval_required"
    assert (scopes(narrow_key), narrow_key.organization.enabled_routes(), ApiKey.objects.count()) == before


def test_allowlisting_needs_a_second_person_too(partner):
    partner.set_access(CHANGE, allowlisted=False)
    assert code_of(lambda: partner.set_access(CHANGE, allowlisted=True)) == "approval_required"


def test_taking_away_rotating_and_test_keys_need_none(narrow_key, settings):
    settings.ACCEPT_TEST_KEYS = True
    narrow_key.rotate(CHANGE)
    narrow_key.set_scopes([], CHANGE)
    narrow_key.organization.set_access(CHANGE, allowlisted=False, disable=Route.grantable())
    test_key, _ = issue(narrow_key.organization, is_test=True, scopes=[])
    asking.set_scopes(test_key, [*Scope], CHANGE, None)
    assert scopes(test_key) == {*Scope}


def test_scopes_that_are_approved_are_added_and_both_people_recorded(narrow_key, asker, approver):
    approval = scope_asked_for(asker, narrow_key)
    assert approval.state is ApprovalState.WAITING
    assert scopes(narrow_key) == {"encounters:read"}
    approval.approve(approver, by(approver, "checked"))
    assert scopes(narrow_key) == {*Scope}
    event = narrow_key.events.get(action=Action.SCOPES_CHANGED)
    assert (event.by, event.approved_by) == ("ada", "ben")
    approved = narrow_key.events.get(action=Action.APPROVED)
    assert (approved.by, approved.reason, approved.after["approval"]) == ("ben", "checked", approval.pk)


def test_access_that_is_approved_is_given_to_what_the_organization_has_by_then(partner, asker, approver):
    approval = asking.set_access(partner, by(asker), asker, enable=[Route.DOCUMENTS_AUDIO]).approval
    partner.set_access(CHANGE, disable=[Route.ENCOUNTERS_LIST])
    approval.approve(approver, by(approver))
    assert "documents.audio" in partner.enabled_routes()
    assert "encounters.list" not in partner.enabled_routes()
    assert approval.before["routes"] == [
        "encounters.detail", "documents.detail", "documents.transcript", "changes.list",
    ]  # fmt: skip


def test_an_endpoint_that_is_approved_is_on_and_nobody_has_seen_its_secret(partner, asker, approver):
    approval = endpoint_asked_for(asker, partner)
    assert not partner.webhook_endpoints.exists()
    assert approval.after == {"url": URL, "events": ["recording.transcript_ready"]}
    approval.approve(approver, by(approver))
    endpoint = partner.webhook_endpoints.get()
    assert (endpoint.url, endpoint.is_on, endpoint.is_unshown) == (URL, True, True)
    event = ChangeEvent.objects.get(action=Action.WEBHOOK_ADDED)
    assert (event.by, event.approved_by) == ("ada", "ben")


def test_an_endpoint_that_would_be_refused_is_not_asked_for(partner, asker, approver):
    with pytest.raises(ValidationError, match="Write an https URL"):
        endpoint_asked_for(asker, partner, "http://receiver.example/")
    approval = endpoint_asked_for(asker, partner)
    assert code_of(lambda: endpoint_asked_for(asker, partner)) == "already_waiting"
    approval.approve(approver, by(approver))
    with pytest.raises(ValidationError, match="already an endpoint"):
        endpoint_asked_for(asker, partner)


def test_switching_an_endpoint_on_again_and_a_new_secret_need_nobody_else(partner, asker, approver):
    endpoint_asked_for(asker, partner).approve(approver, by(approver))
    endpoint = partner.webhook_endpoints.get()
    endpoint.switch_off(CHANGE)
    endpoint.switch_on(CHANGE)
    endpoint.new_secret(CHANGE)
    assert (endpoint.is_on, endpoint.generation) == (True, 2)


def test_a_mixed_change_takes_away_at_once_and_asks_for_the_rest(partner, narrow_key, asker):
    access = asking.set_access(
        partner, by(asker), asker, enable=[Route.DOCUMENTS_AUDIO], disable=[Route.ENCOUNTERS_LIST]
    )
    rest = asking.set_scopes(narrow_key, [Scope.PATIENTS_READ], by(asker), asker)
    assert (access.changed, access.approval.facts["enable"]) == (True, ["documents.audio"])
    assert (rest.changed, rest.approval.facts["scopes"]) == (True, ["patients:read"])
    assert "encounters.list" not in partner.enabled_routes()
    assert scopes(narrow_key) == set()


def test_what_is_enabled_already_is_not_asked_for(partner, asker):
    outcome = asking.set_access(partner, by(asker), asker, allowlisted=True, enable=[Route.ENCOUNTERS_LIST])
    assert (outcome.changed, outcome.approval) == (False, None)


@pytest.mark.parametrize("decision", ["approve", "decline"])
def test_nobody_decides_their_own(narrow_key, asker, decision):
    approval = scope_asked_for(asker, narrow_key)
    assert code_of(lambda: getattr(approval, decision)(asker, by(asker))) == "own"


def test_nobody_approves_what_a_command_asked_for_under_their_name(partner, approver):
    approval = asking.set_access(partner, by(person("Cy")), None, enable=[Route.DOCUMENTS_AUDIO]).approval
    assert code_of(lambda: approval.approve(person("cy"), by(approver))) == "own"


@pytest.mark.parametrize("decision", ["approve", "decline"])
def test_a_decision_needs_the_permission_of_the_change(narrow_key, asker, decision):
    other = person("sam", "Support")
    approval = scope_asked_for(asker, narrow_key)
    assert code_of(lambda: getattr(approval, decision)(other, by(other))) == "not_permitted"


def test_a_deactivated_person_approves_nothing(narrow_key, asker, approver):
    approval = scope_asked_for(asker, narrow_key)
    approver.is_active = False
    assert code_of(lambda: approval.approve(approver, by(approver))) == "not_permitted"


def test_what_a_deactivated_person_asked_for_can_only_be_declined(narrow_key, asker, approver):
    approval = scope_asked_for(asker, narrow_key)
    asker.is_active = False
    asker.save()
    approval.refresh_from_db()
    assert code_of(lambda: approval.approve(approver, by(approver))) == "not_trusted"
    assert code_of(lambda: approval.decline(approver, by(approver, ""))) == "reason_required"
    approval.decline(approver, by(approver, "Ada left."))
    assert (approval.state, approval.note) == (ApprovalState.DECLINED, "Ada left.")


def test_a_decided_request_is_not_decided_again(narrow_key, asker, approver):
    approval = scope_asked_for(asker, narrow_key)
    approval.decline(approver, by(approver))
    for act in (approval.approve, approval.decline, approval.withdraw):
        assert code_of(lambda act=act: act(approver, by(approver))) == "decided"
    assert scopes(narrow_key) == {"encounters:read"}


def test_only_the_person_who_asked_withdraws(narrow_key, asker, approver):
    approval = scope_asked_for(asker, narrow_key)
    assert code_of(lambda: approval.withdraw(approver, by(approver))) == "not_own"
    approval.withdraw(asker, by(asker, ""))
    assert approval.state is ApprovalState.WITHDRAWN


def test_a_key_revoked_meanwhile_leaves_the_request_open(narrow_key, asker, approver):
    approval = scope_asked_for(asker, narrow_key)
    narrow_key.revoke(CHANGE)
    assert code_of(lambda: approval.approve(approver, by(approver))) == "revoked"
    assert Approval.objects.get().state is ApprovalState.WAITING


def test_nothing_is_approved_that_somebody_changed_meanwhile(partner, narrow_key, asker, approver, settings):
    asked = [
        scope_asked_for(asker, narrow_key),
        asking.set_access(partner, by(asker), asker, enable=[Route.DOCUMENTS_AUDIO]).approval,
    ]
    settings.FOUR_EYES = False
    narrow_key.set_scopes([*Scope], CHANGE)
    partner.set_access(CHANGE, enable=[Route.DOCUMENTS_AUDIO])
    for approval in asked:
        assert code_of(lambda approval=approval: approval.approve(approver, by(approver))) == "nothing_left"


def test_a_request_that_waits_when_the_setting_is_turned_off_is_still_decided(narrow_key, asker, approver, settings):
    approval = scope_asked_for(asker, narrow_key)
    settings.FOUR_EYES = False
    approval.approve(approver, by(approver))
    assert scopes(narrow_key) == {*Scope}


def test_the_same_is_not_asked_for_twice(partner, narrow_key, asker):
    scope_asked_for(asker, narrow_key)
    key_asked_for(asker, partner)
    assert code_of(lambda: scope_asked_for(asker, narrow_key)) == "already_waiting"
    assert code_of(lambda: key_asked_for(asker, partner, scopes=[])) == "already_waiting"


def test_a_request_needs_a_reason(narrow_key, asker):
    assert code_of(lambda: asking.set_scopes(narrow_key, [*Scope], by(asker, ""), asker)) == "reason_required"


def test_an_approved_key_is_issued_once_by_the_person_who_asked(partner, asker, approver):
    approval = key_asked_for(asker, partner, lifetime=timedelta(days=30), description={"owner": "Team"})
    assert code_of(lambda: approval.issue(by(asker), asker)) == "waiting"
    approval.approve(approver, by(approver))
    assert (approval.state, partner.api_keys.count()) == (ApprovalState.READY, 1)
    for other, name in ((approver, "ben"), (None, "ada")):
        assert code_of(lambda other=other, name=name: approval.issue(by(person(f"{name}2")), other)) == "not_own"
    key, _ = approval.issue(by(asker), asker)
    assert (key.label, key.owner, key.lifetime.days in (29, 30)) == ("EHR sync", "Team", True)
    assert (approval.state, approval.api_key) == (ApprovalState.APPROVED, key)
    assert key.events.get(action=Action.KEY_ISSUED).approved_by == "ben"
    assert code_of(lambda: approval.issue(by(asker), asker)) == "approved"


def test_a_person_who_lost_the_permission_issues_nothing(partner, asker, approver):
    approval = key_asked_for(asker, partner)
    approval.approve(approver, by(approver))
    asker.groups.clear()
    asker = type(asker).objects.get(pk=asker.pk)
    assert code_of(lambda: approval.issue(by(asker), asker)) == "not_permitted"


def test_an_approval_that_nobody_uses_lapses(partner, asker, approver, monkeypatch):
    approval = key_asked_for(asker, partner)
    approval.approve(approver, by(approver))
    assert [*Approval.objects.ready(asker)] == [approval]
    later = timezone.now() + READY_FOR
    monkeypatch.setattr(timezone, "now", lambda: later)
    assert approval.state is ApprovalState.LAPSED
    assert not Approval.objects.ready(asker)
    assert code_of(lambda: approval.issue(by(asker), asker)) == "lapsed"


def access(organization: Organization) -> tuple[bool, list[str]]:
    row = Organization.objects.get(pk=organization.pk)
    return row.allowlisted, row.enabled_routes()


@pytest.mark.parametrize("by_link", [False, True])
def test_an_approval_opens_the_access_asked_for_together_with_a_key(newcomer, asker, approver, postbox, by_link):
    newcomer.set_contact(CHANGE, name="", email=CONTACT)
    approval = key_asked_for(asker, newcomer, allowlist=True, enable=[Route.ENCOUNTERS_LIST], by_link=by_link)
    assert approval.permissions == ["partners.issue_apikey", "partners.change_organization"]
    assert access(newcomer) == (False, [])
    approval.approve(approver, by(approver))
    assert access(newcomer) == (True, ["encounters.list"])
    event = newcomer.events.get(action=Action.ACCESS_CHANGED)
    assert (event.by, event.approved_by) == ("ada", "ben")


def test_a_key_that_is_issued_opens_nothing_that_staff_took_away_since(newcomer, asker, approver):
    approval = key_asked_for(asker, newcomer, allowlist=True, enable=[Route.ENCOUNTERS_LIST, Route.ENCOUNTERS_DETAIL])
    approval.approve(approver, by(approver))
    newcomer.set_access(CHANGE, allowlisted=False, disable=[Route.ENCOUNTERS_LIST])
    approval.issue(by(asker), asker)
    assert access(newcomer) == (False, ["encounters.detail"])


def test_what_an_issue_would_refuse_is_not_asked_for(partner, asker, monkeypatch):
    with pytest.raises(ValidationError) as refused:
        key_asked_for(asker, partner, label="")
    assert "label" in refused.value.message_dict
    monkeypatch.setattr(lifetimes, "longest", lambda: timedelta(days=1))
    with pytest.raises(ValidationError) as refused:
        key_asked_for(asker, partner, lifetime=timedelta(days=2))
    assert "expires_at" in refused.value.message_dict
    assert not Approval.objects.exists()


def test_a_link_is_prepared_by_the_approval_and_collected(partner, asker, approver, postbox):
    partner.set_contact(CHANGE, name="", email=CONTACT)
    approval = key_asked_for(asker, partner, by_link=True, lifetime=timedelta(days=30))
    assert approval.sends_link
    handover = approval.approve(approver, by(approver))
    assert (handover.sender, handover.sent_by, handover.approved_by) == (asker, "ada", "ben")
    token, _ = sent(handover, asker)
    key, _ = KeyHandover.objects.of_link(token).collect(FROM)
    assert key.events.get(action=Action.KEY_ISSUED).approved_by == "ben"


def test_a_link_that_was_approved_with_a_code_is_sent_with_one(partner, asker, approver, postbox):
    partner.set_contact(CHANGE, name="", email=CONTACT)
    handover = key_asked_for(asker, partner, by_link=True, phone_code=True).approve(approver, by(approver))
    assert code_of(lambda: sent(handover, asker)) == "code_required"
    assert sent(handover, asker, with_code=True)[1]


def test_a_link_needs_a_contact_and_an_organization(partner, asker, postbox):
    assert code_of(lambda: key_asked_for(asker, partner, by_link=True)) == "no_contact"
    assert code_of(lambda: key_asked_for(asker, None, by_link=True)) == "no_contact"


def test_a_link_from_before_gives_no_key_without_a_second_person(partner, settings):
    settings.FOUR_EYES = False
    handover = prepared(partner)
    assert obstacles.found(handover) is None
    settings.FOUR_EYES = True
    assert obstacles.found(handover).code == "not_approved"


@pytest.mark.parametrize(
    ("values", "shown"),
    [
        ({}, {"expires_at": None}),
        ({"lifetime": timedelta(hours=30)}, {"lifetime": "30 hours"}),
        ({"lifetime": timedelta(days=2), "by_link": True}, {"lifetime": "2 days", "handed_over": "by link"}),
        ({"by_link": True, "phone_code": True}, {"handed_over": "by link, with a code by phone"}),
        ({"allowlist": True, "enable": [Route.KEY_READ]}, {"allowlisted": True, "routes": ["key.read"]}),
        ({"description": {"note": "Nightly"}}, {"note": "Nightly"}),
    ],
)
def test_a_wanted_key_is_shown_in_words(partner, values, shown):
    assert wanted(partner, **values).shown.items() >= shown.items()


def test_a_request_says_what_it_is_about(partner, narrow_key, asker):
    assert str(scope_asked_for(asker, narrow_key)) == "Add scopes (waiting)"
    assert key_asked_for(asker, partner).subject == "EHR sync"
    assert not key_asked_for(asker, partner, label="Other").sends_link


@pytest.mark.parametrize(
    "change",
    ["kind = 'key'", "facts = '{\"scopes\": []}'", "asked_by = 'x'", "reason = 'x'", "asker_id = NULL"],
)
def test_what_was_asked_for_never_changes(narrow_key, asker, change):
    scope_asked_for(asker, narrow_key)
    refused(f"UPDATE partners_approval SET {change}", "what somebody asked for never changes")


@pytest.mark.parametrize(
    "change",
    ["decision = ''", "decided_by = 'x'", "note = 'x'", "before = '{}'", "decided_at = NULL", "decider_id = NULL"],
)
def test_a_decision_is_final(narrow_key, asker, approver, change):
    scope_asked_for(asker, narrow_key).decline(approver, by(approver))
    refused(f"UPDATE partners_approval SET {change}", "a decision is final")


def test_a_request_is_not_deleted(narrow_key, asker):
    scope_asked_for(asker, narrow_key)
    refused("DELETE FROM partners_approval", "a request for approval cannot be deleted")


def test_the_database_knows_that_nobody_approves_their_own(narrow_key, asker):
    scope_asked_for(asker, narrow_key)
    now = timezone.now()
    with pytest.raises(IntegrityError), transaction.atomic():
        Approval.objects.update(decision="approved", decided_at=now, decided_by="x", decider=asker)
    with pytest.raises(IntegrityError), transaction.atomic():
        Approval.objects.update(decision="approved", decided_at=now, decided_by="ada")


def refused(statement: str, why: str) -> None:
    with pytest.raises(IntegrityError, match=why), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)


def test_every_step_is_recorded(narrow_key, asker, approver):
    scope_asked_for(asker, narrow_key).withdraw(asker, by(asker))
    scope_asked_for(asker, narrow_key).decline(approver, by(approver))
    scope_asked_for(asker, narrow_key).approve(approver, by(approver))
    actions = ChangeEvent.objects.filter(after__has_key="approval").order_by("pk").values_list("action", "by")
    asked = ("approval_requested", "ada")
    assert [*actions] == [
        asked, ("approval_withdrawn", "ada"), asked, ("approval_declined", "ben"), asked, ("approved", "ben"),
    ]  # fmt: skip
