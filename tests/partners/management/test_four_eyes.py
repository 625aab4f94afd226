"""Commands where a second person must approve: they ask, and issue a key that was approved."""

import pytest

from partners.catalogue.routes import Scope
from partners.models import ApiKey, Approval
from tests.factories import CHANGE, issue
from tests.partners.support.approving import by, key_asked_for
from tests.partners.support.command_line import refused, run_json
from tests.partners.support.handing_over import CONTACT
from tests.partners.support.rows import opens
from tests.partners.support.staff import signed_in_as

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def key(organization, settings) -> ApiKey:
    key, _ = issue(organization, scopes=[Scope.ENCOUNTERS_READ])
    organization.set_contact(CHANGE, name="", email=CONTACT)
    settings.FOUR_EYES = True
    return key


@pytest.fixture
def approver(key):
    return signed_in_as("ben", "Partner onboarding").user


WHO = ("--by", "ada", "--reason", "Go-live")


def asked(organization, *given) -> dict:
    name = ("--organization", organization.name)
    return run_json("issue_key", "--label", "Sync", "--scope", "encounters:read", *name, *WHO, *given)


def test_a_key_is_asked_for_then_issued_by_its_number(organization, approver, tmp_path):
    report = asked(organization, "--out", str(tmp_path / "key"))
    approval = Approval.objects.get()
    assert report == {"approval": approval.pk, "approval_state": "waiting"}
    assert not (tmp_path / "key").exists()
    assert "Nobody has approved this yet." in refused("issue_approved_key", str(approval.pk), "--by", "ada")
    approval.approve(approver, by(approver))
    assert "Only ada" in refused("issue_approved_key", str(approval.pk), "--by", "cy")
    made = run_json("issue_approved_key", str(approval.pk), "--by", "ada")
    assert opens(ApiKey.objects.get(label="Sync"), made["token"])


def test_a_link_is_asked_for_with_its_code(organization, postbox):
    asked(organization, "--handover", "--phone-code")
    assert Approval.objects.get().facts["phone_code"] is True


def test_a_key_of_no_organization_is_asked_for(approver):
    run_json("issue_key", "--label", "Sync", "--scope", "encounters:read", *WHO)
    approval = Approval.objects.get()
    approval.approve(approver, by(approver))
    assert run_json("issue_approved_key", str(approval.pk), "--by", "ADA")["organization_id"] is None


def test_a_request_of_a_page_is_issued_on_its_page(organization, approver):
    approval = key_asked_for(approver, organization)
    other = signed_in_as("cy", "Partner onboarding").user
    approval.approve(other, by(other))
    assert "Only ben" in refused("issue_approved_key", str(approval.pk), "--by", "ben")


@pytest.mark.parametrize("number", ["4711", str(2**70)])
def test_a_number_that_is_no_request_for_a_key_is_refused(number):
    assert "no request for a key with this number" in refused("issue_approved_key", number)


def test_what_is_enabled_waits_and_what_is_disabled_does_not(organization):
    organization.set_access(CHANGE, disable=[])
    report = run_json("set_access", organization.name, "--deny", "--disable", "documents.audio", *WHO)
    assert (report["changed"], "approval" in report) == (True, False)
    report = run_json("set_access", organization.name, "--allow", "--enable", "documents.audio", *WHO)
    assert (report["changed"], report["approval_state"], report["allowlisted"]) == (False, "waiting", False)


def test_a_scope_that_is_added_waits(key):
    report = run_json("set_scopes", key.public_id, "patients:read", *WHO)
    assert (report["scopes"], report["approval_state"]) == ([], "waiting")
