import pytest

from partners.models import ApiKey, ChangeEvent
from tests.factories import CHANGE
from tests.partners.support.command_line import refused, run, run_json

pytestmark = pytest.mark.django_db
WHY = ("--reason", "an invented reason", "--ticket", "T-1", "--by", "Invented Person")


@pytest.mark.parametrize(
    ("steps", "states"),
    [
        (["disable_key"], ["disabled"]),
        (["disable_key", "enable_key"], ["disabled", "active"]),
        (["revoke_key"], ["revoked"]),
        (["disable_key", "revoke_key"], ["disabled", "revoked"]),
    ],
)
def test_a_command_changes_the_state_of_a_key(key, steps, states):
    assert [run_json(step, key.public_part, *WHY)["state"] for step in steps] == states
    assert ApiKey.objects.get().state == states[-1]


def test_a_changed_key_is_reported_without_a_secret(key, organization):
    assert run_json("disable_key", key.public_id, *WHY) == {
        "organization_id": organization.public_id,
        "key_id": key.public_id,
        "public_part": key.public_part,
        "test": False,
        "label": "Invented system",
        "state": "disabled",
        "expires_at": None,
        "scopes": ["documents:read", "encounters:read", "patients:read", "recordings:read"],
    }


def test_a_changed_key_is_printed_as_aligned_lines(key):
    printed = run("revoke_key", f"ch_sk_{key.public_part}…", *WHY)
    assert f"key_id           {key.public_id}\n" in printed
    assert "state            revoked\n" in printed


@pytest.mark.parametrize("command", ["disable_key", "enable_key", "revoke_key"])
def test_a_change_of_state_is_recorded(key, command):
    if command == "enable_key":
        key.disable(CHANGE)
    run(command, key.public_part, *WHY)
    event = key.events.first()
    assert (event.by, event.source, event.reason, event.ticket) == (
        "Invented Person",
        "command line",
        "an invented reason",
        "T-1",
    )


@pytest.mark.parametrize("command", ["disable_key", "enable_key", "revoke_key"])
@pytest.mark.parametrize(("reason", "told"), [([], "required: --reason"), (["--reason", " "], "Give the reason")])
def test_a_change_of_state_needs_a_reason(key, command, reason, told):
    assert told in refused(command, key.public_part, *reason)
    assert ApiKey.objects.get().state == "active"


@pytest.mark.parametrize(
    ("command", "before", "told"),
    [
        ("enable_key", None, "is not disabled"),
        ("disable_key", "disable", "disabled"),
        ("disable_key", "revoke", "revoked and can't be restored"),
        ("enable_key", "revoke", "revoked and can't be restored"),
        ("revoke_key", "revoke", "revoked and can't be restored"),
    ],
)
def test_a_change_that_the_state_forbids_is_refused(key, command, before, told):
    if before:
        getattr(key, before)(CHANGE)
    assert told in refused(command, key.public_part, *WHY)


COMMANDS = [
    ["disable_key", *WHY],
    ["enable_key", *WHY],
    ["revoke_key", *WHY],
    ["rotate_key"],
    ["set_scopes", "patients:read"],
    ["set_networks", "--mode", "off"],
]


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command[0])
def test_an_unknown_key_is_refused(key, command):
    name, *rest = command
    assert "No API key has this" in refused(name, "0" * 12, *rest)
    assert ApiKey.objects.get().events.count() == 1


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command[0])
def test_a_token_does_not_name_a_key_and_is_not_repeated(token, command):
    name, *rest = command
    told = refused(name, token, *rest)
    assert "Never put a token on the command line" in told
    assert token[:18] not in told


@pytest.mark.parametrize("scopes", [["patients:read"], ["patients:read", "encounters:read"]])
def test_scopes_are_replaced(key, scopes):
    assert run_json("set_scopes", key.public_part, *scopes)["scopes"] == sorted(scopes)
    assert set(key.scopes.values_list("name", flat=True)) == set(scopes)


@pytest.mark.parametrize(
    ("scopes", "told"), [([], "required: SCOPE"), (["all"], "invalid choice"), (["patients:write"], "invalid choice")]
)
def test_scopes_that_do_not_exist_are_refused(key, scopes, told):
    assert told in refused("set_scopes", key.public_part, *scopes)
    assert key.scopes.count() == 4


def test_a_revoked_key_keeps_its_scopes(key):
    key.revoke(CHANGE)
    assert "revoked and can't be restored" in refused("set_scopes", key.public_part, "patients:read")


@pytest.mark.parametrize(
    ("arguments", "told"),
    [(["--ticket", "x" * 101], "ticket: Ensure this value has at most 100"), (["--by", "x" * 151], "by: Ensure")],
)
def test_a_change_whose_record_is_invalid_is_not_made(key, arguments, told):
    assert told in refused("set_scopes", key.public_part, "patients:read", *arguments)
    assert key.scopes.count() == 4
    assert ChangeEvent.objects.filter(api_key=key).count() == 1


def test_networks_are_replaced_and_reported(key):
    office, cloud = "203.0.113.0/24=Main office", "2001:db8::/48= Cloud = primary"
    report = run_json("set_networks", key.public_part, "--allow", office, "--allow", cloud, "--mode", "watch", *WHY)
    assert report["network_mode"] == "watch"
    assert report["networks"] == ["203.0.113.0/24 Main office", "2001:db8::/48 Cloud = primary"]
    assert key.events.first().after["networks"] == report["networks"]


@pytest.mark.parametrize("mode", ["enforce", "off"])
def test_without_a_list_only_the_mode_is_changed(key, mode):
    run("set_networks", key.public_part, "--allow", "203.0.113.9=One", "--mode", "watch")
    report = run_json("set_networks", key.public_part, "--mode", mode)
    assert (report["network_mode"], report["networks"]) == (mode, ["203.0.113.9/32 One"])


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--mode", "watch"], "Add a network first"),
        (["--mode", "all"], "invalid choice"),
        (["--allow", "203.0.113.9=One"], "required: --mode"),
        (["--allow", "203.0.113.9", "--mode", "watch"], "Write --allow 203.0.113.9=NAME, with a name for the network."),
        (["--allow", "203.0.113.9=", "--mode", "watch"], "203.0.113.9/32: Give this network a name"),
        (["--allow", "0.0.0.0/0=All", "--mode", "enforce"], "holds every address"),
    ],
)
def test_networks_that_are_wrong_are_refused(key, arguments, told):
    assert told in refused("set_networks", key.public_part, *arguments)
    assert key.events.count() == 1
