"""What the metrics say about the record, its seals, webhooks and keys, and that it takes few statements."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from chartero.metrics import facts
from encounters.models import ReadyTranscript
from partners.models import ApiKeySwitch, RequestRecord, Seal, Verification, WebhookService
from partners.partitions import present
from tests.encounters.ready.test_triggers import draft
from tests.factories import CHANGE, EncounterFactory, issue
from tests.partners.support.command_line import refused, run
from tests.partners.support.sealed import FIRST, as_owner, later, request, sealed_record
from tests.partners.support.webhooks import added, delivery_to

pytestmark = pytest.mark.django_db
MOST = 22  # statements


def told() -> dict[str, float]:
    """Return the values by name and label."""
    samples = [sample for family in facts.read() for sample in family.samples]
    return {" ".join([each.name.removeprefix("chartero_"), *each.labels.values()]): each.value for each in samples}


@pytest.fixture
def sealed():
    return sealed_record()


def test_a_new_deployment_is_told(settings):
    settings.CHECKPOINT_FILE = ""
    assert told() == {
        "record_unsealed_age_seconds requests": 0,
        "record_unsealed_age_seconds changes": 0,
        "record_unsealed_age_seconds counts": 0,
        "record_months_faults": 0,
        "seal_last_number": 0,
        "seal_last_timestamp_seconds": 0,
        "verification_faults": 0,
        "verification_timestamp_seconds": 0,
        "checkpoint_seal_number sent": 0,
        "checkpoint_timestamp_seconds sent": 0,
        "webhook_lag_seconds": 0,
        "webhook_service_seen_timestamp_seconds": 0,
        "webhook_endpoints_failing": 0,
        "keys_expiring 1d": 0,
        "keys_expiring 7d": 0,
        "keys_expiring 30d": 0,
        "keys_on": 1,
    }


def test_it_takes_few_statements_and_no_more_with_more_data(sealed, organization):
    with CaptureQueriesContext(connection) as few:
        told()
    for number in range(3):
        delivery_to(added(organization, url=f"https://{number}.example/"), next_attempt_at=timezone.now())
        request(sealed.key, (6 + number) * FIRST, later(minutes=-5))
        issue(organization, expires_at=timezone.now() + timedelta(days=3))
    with CaptureQueriesContext(connection) as more:
        told()
    assert len(more) <= len(few) <= MOST


def test_rows_that_wait_to_be_sealed_are_told_for_each_table(sealed):
    request(sealed.key, 5 * FIRST, later(minutes=-30))
    found = told()
    assert 1700 < found["record_unsealed_age_seconds requests"] < 2000
    assert found["record_unsealed_age_seconds changes"] == 0


def test_the_last_seal_and_what_left_the_database_are_told(sealed, settings, tmp_path):
    settings.CHECKPOINT_FILE = str(tmp_path / "checkpoint")
    last = Seal.objects.newest()
    assert told()["checkpoint_seal_number file"] == 0
    request(sealed.key, 5 * FIRST, later(minutes=-30))
    run("seal_records")
    found = told()
    assert found["seal_last_number"] == found["checkpoint_seal_number file"] > last.number
    assert found["checkpoint_timestamp_seconds file"] > timezone.now().timestamp() - 100
    (tmp_path / "checkpoint").write_text("nonsense")
    found = told()
    assert (found["checkpoint_seal_number file"], found["checkpoint_timestamp_seconds file"]) == (0, 0)


def test_a_checkpoint_that_was_sent_is_told(sealed, settings, mailoutbox):
    settings.SECURITY_EMAIL = ["security@example.com"]
    run("send_checkpoint")
    found = told()
    assert found["checkpoint_seal_number sent"] == found["seal_last_number"] > 0
    assert found["checkpoint_timestamp_seconds sent"] > timezone.now().timestamp() - 100


def test_a_verification_is_told(sealed):
    run("verify_records")
    found = told()
    assert found["verification_faults"] == 0
    assert found["verification_timestamp_seconds"] > timezone.now().timestamp() - 100


def test_a_fault_that_a_verification_found_is_told(sealed):
    as_owner(lambda: RequestRecord.objects.filter(pk=FIRST).update(status=418))
    refused("verify_records")
    assert told()["verification_faults"] == 1


def test_an_explained_fault_raises_no_alert(sealed):
    as_owner(lambda: RequestRecord.objects.filter(pk=FIRST).update(status=418))
    refused("verify_records")
    Verification.objects.get().explain(CHANGE)
    assert told()["verification_faults"] == 0


def test_how_late_webhooks_are_is_told(organization):
    endpoint = added(organization)
    delivery_to(endpoint, next_attempt_at=timezone.now() - timedelta(minutes=5))
    delivery_to(added(organization, url="https://2.example/", shown=False), next_attempt_at=later(hours=-9))
    assert 299 < told()["webhook_lag_seconds"] < 400
    WebhookService.note_seen()
    assert told()["webhook_service_seen_timestamp_seconds"] > timezone.now().timestamp() - 100


def test_a_delivery_that_waits_for_its_next_attempt_is_not_late(organization):
    delivery_to(added(organization), next_attempt_at=timezone.now() + timedelta(minutes=5))
    assert told()["webhook_lag_seconds"] == 0


def test_an_event_that_nobody_has_made_is_late_too(organization):
    added(organization)
    draft(EncounterFactory(organization=organization), status="completed")
    ReadyTranscript.objects.update(ready_at=timezone.now() - timedelta(minutes=7))
    assert 419 < told()["webhook_lag_seconds"] < 520


def test_the_switch_and_the_months_are_told(monkeypatch):
    ApiKeySwitch.turn(False, CHANGE)
    monkeypatch.setattr(present, "faults", lambda database: ["no partition for 2027-02", "the net holds rows"])
    found = told()
    assert (found["keys_on"], found["record_months_faults"]) == (0, 2)
