"""Names on both databases alike: no twin is made, and each is found however it is written."""

from importlib import import_module
from types import SimpleNamespace

import pytest
from django.apps import apps
from django.core.exceptions import ValidationError
from django.db import connection, models

from partners.checks import names_alike
from partners.finding.lookup import find_organization
from partners.models import ApiKey, Organization
from partners.name_keys import TWIN
from tests.factories import CHANGE, OrganizationFactory, issue

pytestmark = pytest.mark.django_db
NAME = "Clinique Élan"
WRITTEN = ["clinique élan", "CLINIQUE ÉLAN", "Clinique E\u0301lan", " clinique   élan ", "Clinique\u00a0Élan"]
ORGANIZATIONS, KEYS, REQUESTS = (f"/admin/partners/{table}/" for table in ("organization", "apikey", "requestrecord"))


@pytest.fixture
def clinic() -> Organization:
    return Organization.create(NAME, CHANGE)


@pytest.fixture
def twin(clinic) -> Organization:
    """A twin of the clinic, from before names were compared as they are."""
    name = "Clinique élan"
    return OrganizationFactory(
        name=name, public_id=(own := "org_" + "7" * 22), name_key=f"{clinic.name_key}{TWIN}{own}"
    )


@pytest.mark.parametrize("name", WRITTEN)
def test_no_twin_of_an_organization_is_made(clinic, name):
    with pytest.raises(ValidationError, match="There is an organization of this name already"):
        Organization.create(name, CHANGE)
    assert Organization.objects.get() == clinic


@pytest.mark.parametrize("text", WRITTEN)
def test_commands_find_a_name_however_it_is_written(clinic, text):
    assert find_organization(text) == clinic


@pytest.mark.parametrize("text", [*WRITTEN, "élan", "E\u0301LAN  cli"])
def test_pages_find_a_name_however_it_is_written(clinic, support, text):
    key, _ = issue(clinic)
    issue(OrganizationFactory())
    assert [row.organization for row in support.get(ORGANIZATIONS, {"q": text}).context["rows"]] == [clinic]
    assert [*support.get(KEYS, {"organization": text}).context["cl"].result_list] == [key]
    assert support.get(REQUESTS, {"organization": text}).context["form"].cleaned_data["organization"] == clinic


def test_a_search_for_nothing_that_can_be_seen_finds_nothing(clinic, support):
    assert not support.get(ORGANIZATIONS, {"q": "\u3164"}).context["rows"]
    assert "organization" in support.get(REQUESTS, {"organization": "\u3164"}).context["form"].errors


@pytest.mark.parametrize("text", ["Synchro École", "ÉCOLE", "e\u0301cole  synchro"])
def test_a_key_is_found_by_its_label_however_it_is_written(organization, support, text):
    key, _ = issue(organization, label="Synchro  École")
    issue(organization)
    assert key.label == "Synchro École"
    assert [*support.get(KEYS, {"q": text}).context["cl"].result_list] == [key]


@pytest.mark.parametrize("label", ["Ehr SYNC", "ＥＨＲ sync", "ehr sync"])
def test_no_twin_of_a_label_is_made_in_one_organization(organization, label):
    issue(organization, label="EHR sync")
    with pytest.raises(ValidationError) as refusal:
        issue(organization, label=label)
    assert set(refusal.value.message_dict) == {"label"}
    assert ApiKey.objects.count() == 1


def test_keys_of_one_system_may_have_one_label_and_other_organizations_any(organization):
    issue(organization, label="EHR sync")
    issue(organization, label=" EHR  sync")
    issue(OrganizationFactory(), label="ehr sync")
    issue(None, label="ehr sync")
    assert ApiKey.objects.count() == 4


def test_a_label_of_a_key_that_ended_is_free(organization):
    issue(organization, label="EHR sync")[0].revoke(CHANGE)
    assert issue(organization, label="Ehr sync")[0].label == "Ehr sync"


def test_a_key_whose_label_would_be_refused_today_is_rotated(key):
    ApiKey.objects.update(label="\u3164")
    key.refresh_from_db()
    assert key.rotate(CHANGE)[0].label == "\u3164"


def test_an_organization_whose_name_would_be_refused_today_can_be_changed(organization):
    Organization.objects.update(name="\u3164")
    assert organization.set_contact(CHANGE, name="Invented Person", email="")


def test_of_two_twins_neither_is_taken_for_the_other(clinic, twin):
    with pytest.raises(ValidationError, match=f"Use an id: .*{twin.public_id}") as refusal:
        find_organization(NAME)
    assert refusal.value.code == "ambiguous_name"
    assert find_organization(twin.public_id) == twin


def test_the_checks_name_twins(clinic, twin):
    (warning,) = names_alike(databases=["default"])
    assert (warning.id, twin.public_id in warning.msg, clinic.public_id in warning.msg) == (
        "partners.W020",
        True,
        False,
    )


@pytest.mark.parametrize("databases", [None, ["default"]])
def test_the_checks_are_content_without_twins(clinic, databases):
    assert names_alike(databases=databases) == []


@pytest.mark.parametrize("table", ["not_there_yet", "partners_scope"])
def test_the_checks_wait_for_the_column(monkeypatch, twin, table):
    monkeypatch.setattr(Organization._meta, "db_table", table)
    assert names_alike(databases=["default"]) == []


def test_a_twin_stays_one_when_it_is_saved(twin):
    before = twin.name_key
    twin.save()
    twin.refresh_from_db()
    assert twin.name_key == before


def test_the_migration_keeps_every_row_and_marks_the_younger_twin(organization, key):
    """The column is made of the names that are there; the older row has its key plain."""
    clinic = OrganizationFactory(name=NAME)
    other = OrganizationFactory(name="Invented other")
    Organization.objects.filter(pk=other.pk).update(name="clinique e\u0301lan")
    Organization.objects.update(name_key=models.F("public_id"))
    ApiKey.objects.update(label_key="")
    import_module("partners.migrations.0006_name_keys").fill(apps, SimpleNamespace(connection=connection))
    keys = dict(Organization.objects.values_list("pk", "name_key"))
    assert keys[clinic.pk] == "clinique élan"
    assert keys[other.pk] == f"clinique élan{TWIN}{other.public_id}"
    assert ApiKey.objects.get().label_key == "invented system"
