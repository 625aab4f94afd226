"""`prune_records`, run as by an operator or a scheduler."""

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from partners.formats.moments import rfc3339
from partners.management.commands import prune_records
from partners.models import ChangeEvent, RequestRecord, UnkeyedAnswer
from partners.models.change import Action
from partners.models.record import KEPT
from tests.factories import issue
from tests.partners.support import aged
from tests.partners.support.aged import DAY, cutoff
from tests.partners.support.command_line import refused, run, run_json

pytestmark = pytest.mark.django_db


@pytest.fixture
def old(organization):
    """Create three requests that are due, and one that is not."""
    key, _ = issue(organization)
    for number in (1, 2, 3000):
        aged.request(key, cutoff() - number * DAY)
    aged.request(key, cutoff())


def test_due_records_are_deleted_and_counted(old):
    assert run_json("prune_records") == {
        "older_than": rfc3339(cutoff()),
        "deleted": True,
        "requests": 3,
        "changes": 0,
        "unkeyed_counts": 0,
        "unkeyed_answers": 0,
        "access_requests": 0,
        "webhook_events": 0,
        "encounter_changes": 0,
    }
    assert RequestRecord.objects.count() == 1


@pytest.mark.parametrize(("options", "left"), [([], 0), (["--dry-run"], 1)])
def test_single_answers_without_a_key_are_deleted_after_days(db, options, left):
    facts = {"source": "203.0.113.9", "method": "GET", "path": "/external", "reason_code": "route_not_found"}
    UnkeyedAnswer.objects.create(occurred_at=timezone.now() - KEPT, **facts)
    UnkeyedAnswer.objects.create(occurred_at=timezone.now(), **facts)
    assert run_json("prune_records", *options)["unkeyed_answers"] == 1
    assert UnkeyedAnswer.objects.count() == 1 + left
    assert not ChangeEvent.objects.filter(action=Action.RECORDS_PRUNED).exists()


def test_the_report_is_printed_as_aligned_lines(old):
    assert run("prune_records", "--batch", "1").splitlines() == [
        f"older_than         {rfc3339(cutoff())}",
        "deleted            yes",
        "requests           3",
        "changes            0",
        "unkeyed_counts     0",
        "unkeyed_answers    0",
        "access_requests    0",
        "webhook_events     0",
        "encounter_changes  0",
    ]


def test_a_dry_run_counts_and_deletes_nothing(old):
    report = run_json("prune_records", "--dry-run")
    assert (report["deleted"], report["requests"]) == (False, 3)
    assert RequestRecord.objects.count() == 4
    assert not ChangeEvent.objects.filter(action=Action.RECORDS_PRUNED).exists()


def test_more_years_may_be_kept(old):
    assert run_json("prune_records", "--years", "7")["requests"] == 1
    assert RequestRecord.objects.count() == 3


def test_the_retention_of_the_deployment_is_respected(old, settings):
    settings.RETENTION_YEARS = 7
    assert run_json("prune_records")["requests"] == 1
    assert "--years must be 7 or more" in refused("prune_records", "--years", "6")


def test_a_pruning_is_recorded(old):
    run("prune_records", "--by", "Invented Person", "--reason", "a yearly task", "--ticket", "T-1")
    event = ChangeEvent.objects.first()
    assert (event.action, event.by, event.source) == (Action.RECORDS_PRUNED, "Invented Person", "command line")
    assert (event.reason, event.ticket, event.after["requests"]) == ("a yearly task", "T-1", 3)


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--years", "5"], "This deployment keeps records for 6 years: --years must be 6 or more."),
        (["--years", "six"], "invalid int value"),
        (["--batch", "0"], "--batch must be from 1 to 10,000."),
        (["--batch", "10001"], "--batch must be from 1 to 10,000."),
    ],
)
def test_invalid_arguments_are_refused(old, arguments, told):
    assert told in refused("prune_records", *arguments)
    assert RequestRecord.objects.count() == 4


@pytest.mark.usefixtures("clock")
@pytest.mark.parametrize(
    ("batch", "taken"), [(0, False), (1, True), (prune_records.LARGEST, True), (prune_records.LARGEST + 1, False)]
)
def test_the_size_of_a_batch(db, batch, taken):
    if taken:
        call_command("prune_records", "--dry-run", "--batch", str(batch))
        return
    with pytest.raises(CommandError, match="batch"):
        call_command("prune_records", "--dry-run", "--batch", str(batch))
