"""Limits on the command line: of a key and of an organization."""

import pytest

from partners.models import ApiKey
from tests.factories import issue
from tests.partners.support.command_line import refused, run, run_json

pytestmark = pytest.mark.django_db


@pytest.fixture
def key(organization) -> ApiKey:
    return issue(organization)[0]


def test_a_key_is_limited_and_unlimited(key):
    report = run_json("set_limit", "--key", key.public_part, "100", "--reason", "as agreed", "--ticket", "T-1")
    assert (report["key_id"], report["calls_per_minute"], report["changed"]) == (key.public_id, 100, True)
    event = key.events.first()
    assert (event.after, event.reason, event.ticket) == ({"calls_per_minute": 100}, "as agreed", "T-1")
    assert not run_json("set_limit", "--key", key.public_id, "100")["changed"]
    assert run_json("set_limit", "--key", key.public_id, "none")["calls_per_minute"] is None


def test_an_organization_is_limited(organization):
    report = run_json("set_limit", "--organization", organization.name, "1000")
    assert (report["organization_id"], report["calls_per_minute"]) == (organization.public_id, 1000)
    assert "calls_per_minute  1000" in run("set_limit", "--organization", organization.public_id, "1000")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--key", "{key}", "0"], "calls_per_minute: Ensure this value is greater than or equal to 1."),
        (["--key", "{key}", "٥"], "Give the limit as a whole number, or none."),
        (["--key", "{key}", "-1"], "Give the limit as a whole number, or none."),
        (["--organization", "Nobody", "5"], "No organization has this id or name"),
        (["5"], "one of the arguments --key --organization is required"),
        (["--key", "{key}", "--organization", "Nobody", "5"], "not allowed with argument --key"),
    ],
)
def test_what_is_no_limit_is_refused(key, arguments, message):
    assert message in refused("set_limit", *(each.format(key=key.public_id) for each in arguments))
    assert ApiKey.objects.get().calls_per_minute is None
