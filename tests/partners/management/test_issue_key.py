from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone

from partners.management import handover
from partners.models import ApiKey
from tests.partners.support.command_line import refused, run, run_json
from tests.partners.support.rows import opens

pytestmark = pytest.mark.django_db
ISSUE = ("issue_key", "--label", "Invented system", "--scope", "encounters:read")


def test_a_key_is_issued_for_an_organization(organization):
    report = run_json(*ISSUE, "--organization", organization.name.upper())
    key = ApiKey.objects.get()
    assert opens(key, report.pop("token"))
    assert report == {
        "organization_id": organization.public_id,
        "key_id": key.public_id,
        "public_part": key.public_part,
        "test": False,
        "label": "Invented system",
        "state": "active",
        "expires_at": None,
        "scopes": ["encounters:read"],
    }


def test_a_key_may_belong_to_no_organization():
    assert run_json(*ISSUE)["organization_id"] is None


def test_the_token_is_on_a_separate_line():
    lines = run(*ISSUE).splitlines()
    key = ApiKey.objects.get()
    assert opens(key, lines[-1])
    assert lines[-3:-1] == ["", handover.SHOWN_ONCE]
    assert lines[1] == f"key_id           {key.public_id}"


def test_the_token_is_printed_once_and_nowhere_else(capfd):
    printed = run(*ISSUE)
    assert printed.count(printed.splitlines()[-1]) == 1
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize(
    "scopes",
    [
        ["--scope", "patients:read", "recordings:read"],
        ["--scope", "patients:read", "--scope", "recordings:read"],
        ["--scope", "recordings:read", "patients:read", "--scope", "patients:read"],
    ],
)
def test_scopes_may_follow_one_option_or_several(scopes):
    report = run_json("issue_key", "--label", "Invented system", *scopes)
    assert report["scopes"] == ["patients:read", "recordings:read"]


def test_a_test_key_is_issued_where_they_are_accepted(settings):
    settings.ACCEPT_TEST_KEYS = True
    report = run_json(*ISSUE, "--test")
    assert report["test"]
    assert report["token"].startswith("ch_sk_test_")


def test_a_key_expires_after_a_span():
    run(*ISSUE, "--expires", "90d")
    assert abs(ApiKey.objects.get().expires_at - timezone.now() - timedelta(days=90)) < timedelta(seconds=10)


@pytest.mark.parametrize(
    ("when", "end"),
    [
        ("2099-12-31", "2100-01-01T00:00:00Z"),
        ("2099-12-31T14:00:00Z", "2099-12-31T14:00:00Z"),
        ("2099-12-31T14:00:00+01:30", "2099-12-31T12:30:00Z"),
    ],
)
def test_a_key_expires_at_the_given_time(when, end):
    assert run_json(*ISSUE, "--expires", when)["expires_at"] == end
    assert ApiKey.objects.get().expires_at == datetime.fromisoformat(end).astimezone(UTC)


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--organization", "Nobody"], "No organization has this"),
        (["--label", " "], "label: This field cannot be blank."),
        (["--label", "x" * 201], "label: Ensure this value has at most 200"),
        (["--expires", "soon"], "Enter an expiry as 90d"),
        (["--expires", "0d"], "expires_at: The expiry must be in the future"),
        (["--expires", "2001-01-01"], "must be in the future"),
        (["--test"], "does not accept test keys"),
        (["--scope", "all"], "invalid choice"),
        (["--scope"], "expected at least one argument"),
        (["--by", "x" * 151], "by: Ensure this value has at most 150"),
        (["--organization", "\udcff"], "not valid UTF-8"),
    ],
)
def test_a_key_with_invalid_values_is_refused(arguments, told):
    assert told in refused(*ISSUE, *arguments)
    assert not ApiKey.objects.exists()


@pytest.mark.parametrize("missing", ["--label", "--scope"])
def test_a_key_needs_a_label_and_a_scope(missing):
    place = ISSUE.index(missing)
    assert f"required: {missing}" in refused(*ISSUE[:place], *ISSUE[place + 2 :])


def test_without_a_digest_key_no_key_is_issued(settings):
    settings.DIGEST_KEYS = ""
    assert "set CHARTERO_DIGEST_KEYS" in refused(*ISSUE)
    settings.DIGEST_KEYS = "junk"
    assert refused(*ISSUE).startswith("CHARTERO_DIGEST_KEYS: write each as")
