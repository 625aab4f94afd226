"""What the role of the web service can do on PostgreSQL: each command that doesn't need the owner of the tables.

Calls and pages as this role are in `tests/server/` and `tests/browser/`, whose servers run as it.
"""

import pytest
from django.contrib.auth.models import User
from django.core.management import get_commands

from partners.models import Verification
from tests.encounters.transcripts.visits import note, transcript, visit, write
from tests.factories import CHANGE, PatientFactory, issue
from tests.partners.support.approving import by, key_asked_for
from tests.partners.support.command_line import refused, run

pytestmark = [pytest.mark.django_db, pytest.mark.postgresql]

OURS = ("partners", "partners.signin", "encounters", "chartero")
# `demo` migrates, `export_openapi` and `send_failure` ask no database. `verify_records` has its own test, and the
# others need seals.
OTHERS = {
    *("migrate", "grants", "demo", "export_openapi", "send_failure"),
    *("verify_records", "export_proof", "send_checkpoint"),
}
COMMANDS = {
    "account_disclosures": ["--patient={patient}", "--reason=x"],
    "api_keys": ["off", "--reason=x"],
    "check_access": ["--key={key}", "--request=GET /external/v1/encounters"],
    "check_totals": ["--repair"],
    "check_usage": ["--repair"],
    "count_usage": [],
    "create_organization": ["Another Invented Practice"],
    "deliver_webhooks": [],
    "digest_keys": [],
    "disable_key": ["{key}", "--reason=x"],
    "enable_key": ["{disabled}", "--reason=x"],
    "expire_cursors": [],
    "export_audit": ["{folder}", "--format=jsonl"],
    "import_fhir": ["{file}", "--organization={organization}", "--record-class=clinical"],
    "import_partners": ["{partners}", "--reason=x"],
    "import_transcripts": ["{visits}", "--organization={organization}", "--record-class=clinical"],
    "issue_approved_key": ["{approval}", "--by=tester"],
    "issue_key": ["--organization={organization}", "--label=x", "--scope", "encounters:read"],
    "lift_restrictions": [],
    "list_keys": [],
    "prune_records": ["--dry-run"],
    "report_keys": [],
    "report_leak": ["{leak}", "--place=x", "--disable", "--reason=x"],
    "reset_signin": ["somebody", "--second-factor", "--lockout", "--reason=x"],
    "restrict": ["{patient}", "--reason=x"],
    "revoke_key": ["{key}", "--reason=x"],
    "rotate_key": ["{key}"],
    "seal_keys": [],
    "seal_records": [],
    "send_alerts": [],
    "send_expiry_notices": [],
    "set_access": ["{organization}", "--deny", "--disable", "all"],
    "set_limit": ["7", "--key={key}"],
    "set_names": ["{organization}", "off", "--reason=x"],
    "set_networks": ["{key}", "--mode=watch", "--allow", "192.0.2.0/24=x"],
    "set_purpose": ["{organization}", "Treatment"],
    "set_scopes": ["{key}", "patients:read"],
}


@pytest.fixture
def names(organization, tmp_path, settings) -> dict[str, object]:
    """What the commands name: each exists."""
    settings.DATA_DIR = tmp_path
    key, disabled, (_, token) = issue(organization)[0], issue(organization)[0], issue(organization)
    disabled.disable(CHANGE)
    settings.FOUR_EYES = True
    approval = key_asked_for(None, organization)
    another = User.objects.create_superuser("another")
    approval.approve(another, by(another))
    settings.FOUR_EYES = False
    User.objects.create_user("somebody", password="invented")
    (tmp_path / "leak.txt").write_text(token)
    (tmp_path / "partners.csv").write_text("Organization\nYet Another Invented Practice\n")
    (tmp_path / "patient.json").write_text('{"resourceType": "Patient", "id": "p1"}')
    return {
        "organization": organization.public_id,
        "patient": PatientFactory(organization=organization).public_id,
        "key": key.public_id,
        "disabled": disabled.public_id,
        "approval": approval.pk,
        "leak": tmp_path / "leak.txt",
        "folder": tmp_path,
        "file": tmp_path / "patient.json",
        "partners": tmp_path / "partners.csv",
        "visits": write(tmp_path / "visits.ndjson", visit(note(), transcript())),
    }


def test_each_command_is_tried():
    assert {*COMMANDS, *OTHERS} == {name for name, app in get_commands().items() if app in OURS} - {"manage"}


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_works_as_the_web_role(names, become_web, command):
    become_web()
    run(command, *(word.format(**names) for word in COMMANDS[command]))


def test_the_record_is_verified_as_the_web_role(become_web):
    become_web()
    assert "not what was sealed" in refused("verify_records")  # nothing was
    assert Verification.objects.get().first_fault.startswith("seals")
