"""`count_usage` and `check_usage`, run as by an operator or a scheduler."""

from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command
from django.db.models import F

from partners.management.commands import check_usage
from partners.models import UsageCount
from tests.partners.support.calls import called
from tests.partners.support.command_line import run, run_json
from tests.partners.support.usage import differences

pytestmark = pytest.mark.django_db
DIFFER = "The counts of usage differ from the records of calls. Correct them with --repair."


def test_new_records_are_counted_and_reported(key):
    called(key, times=3, every=timedelta(0))
    assert run("count_usage").split() == ["counted", "3", "waiting", "0"]
    assert run_json("count_usage") == {"counted": 0, "waiting": 0}
    assert UsageCount.objects.filter(kind="key", calls=3).exists()


def test_exact_counts_pass_the_check(key):
    called(key, times=3, every=timedelta(0))
    run("count_usage")
    assert run("check_usage").splitlines() == ["hours            1", "hours_differing  0", "repaired         no"]


@pytest.fixture
def wrong(key):
    called(key, times=3, every=timedelta(0))
    run("count_usage")
    UsageCount.objects.filter(kind="all").update(calls=F("calls") + 1)
    return key


def test_a_difference_fails_the_check_and_names_the_hour(wrong, capsys):
    with pytest.raises(CommandError, match=DIFFER):
        call_command("check_usage")
    told = capsys.readouterr().out.splitlines()
    assert told[0].split() == ["hour", "kept", "true", "counts"]
    assert told[1].split()[1:] == ["4", "3", "1"]
    assert "hours_differing  1" in told


def test_a_repair_corrects_it(wrong):
    assert run_json("check_usage", "--repair")["hours_differing"] == 1
    assert run_json("check_usage")["hours_differing"] == 0
    assert differences(wrong) == []


def test_only_so_many_differences_are_listed(wrong, monkeypatch):
    monkeypatch.setattr(check_usage, "LISTED", 0)
    report = run_json("check_usage", "--repair")
    assert (report["hours_differing"], report["differences"], report["repaired"]) == (1, [], True)
