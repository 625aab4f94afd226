from datetime import timedelta

import pytest

from partners.catalogue.routes import Scope
from partners.models import ApiKey
from tests.factories import CHANGE, OrganizationFactory, issue
from tests.partners.support.command_line import refused, run, run_json

pytestmark = pytest.mark.django_db


def labels(*arguments: str) -> list[str]:
    return [key["label"] for key in run_json("list_keys", *arguments)["keys"]]


def test_an_empty_list_is_reported():
    assert run("list_keys") == "No keys.\n"
    assert run_json("list_keys") == {"keys": []}


def test_a_key_is_listed_without_a_secret(organization):
    key, token = issue(organization, scopes=[Scope.PATIENTS_READ])
    assert run_json("list_keys")["keys"] == [
        {
            "organization": organization.name,
            "organization_id": organization.public_id,
            "key_id": key.public_id,
            "public_part": key.public_part,
            "test": False,
            "label": "Invented system",
            "state": "active",
            "expires_at": None,
            "scopes": ["patients:read"],
            "owner": "",
            "tags": [],
            "note": "",
        }
    ]
    assert token[18:] not in run("list_keys")


def test_keys_are_listed_by_owner_and_tag(organization):
    issue(organization, label="described", owner="Dana Example", tags=["billing", "pilot"])
    issue(organization, label="other")
    assert labels("--owner", "dana") == labels("--tag", "Pilot") == ["described"]
    assert labels("--tag", "pil") == labels("--owner", "dana", "--tag", "other") == []


def test_the_table_is_aligned_and_names_keys_as_commands_take_them(organization, settings):
    settings.ACCEPT_TEST_KEYS = True
    issue(organization, scopes=[])
    key, _ = issue(None, is_test=True, label="A longer invented label")
    heading, *rows = run("list_keys").splitlines()
    place = heading.index("KEY ID")
    assert [row[place - 2 : place + 4] for row in rows] == ["  key_"] * 2
    assert rows[0].startswith(f"ch_sk_test_{key.public_part}  active  –")
    assert run_json("set_scopes", rows[0].split()[0], "patients:read")["key_id"] == key.public_id


def test_the_newest_key_comes_first(organization):
    for label in ("first", "second", "third"):
        issue(organization, label=label)
    assert labels() == ["third", "second", "first"]


@pytest.mark.parametrize(
    ("state", "expected"),
    [
        ("active", ["expired", "active"]),
        ("disabled", ["disabled"]),
        ("expired", ["expired"]),
        ("revoked", ["revoked"]),
    ],
)
def test_keys_are_filtered_by_state(organization, state, expected):
    keys = {label: issue(organization, label=label)[0] for label in ("active", "disabled", "expired", "revoked")}
    keys["disabled"].disable(CHANGE)
    keys["revoked"].revoke(CHANGE)
    keys["expired"].rotate(CHANGE, overlap=timedelta(0))
    assert labels("--state", state) == expected


def test_keys_are_filtered_by_organization(organization):
    issue(organization, label="mine")
    issue(OrganizationFactory(), label="theirs")
    issue(None, label="nobody's")
    assert labels("--organization", organization.name) == ["mine"]
    assert len(labels()) == 3


@pytest.mark.parametrize(
    ("arguments", "told"),
    [(["--organization", "Nobody"], "No organization has this id"), (["--state", "lost"], "invalid choice")],
)
def test_an_invalid_filter_is_refused(arguments, told):
    assert told in refused("list_keys", *arguments)


@pytest.mark.parametrize("number", [1, 12])
def test_the_number_of_statements_does_not_grow(organization, django_assert_num_queries, number):
    for _ in range(number):
        issue(organization)
    with django_assert_num_queries(2):
        run("list_keys")


def test_control_characters_in_labels_do_not_reach_the_terminal(organization):
    key, _ = issue(organization)
    ApiKey.objects.filter(pk=key.pk).update(label="In\x1b]0;vented\x07\nsystem")
    printed = run("list_keys")
    assert r"In\x1b]0;vented\x07\nsystem" in printed
    assert len(printed.splitlines()) == 2
    assert run_json("list_keys")["keys"][0]["label"] == "In\x1b]0;vented\x07\nsystem"
