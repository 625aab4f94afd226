import base64

import pytest
from django.core.checks import run_checks
from django.core.management import call_command
from django.db import connection

from partners.checks import (
    digest_keys,
    months_ahead,
    owner_apart,
    privileges_as_needed,
    retention_long_enough,
    scanning_keys,
    scopes_mirror_catalogue,
    sealing_keys,
    triggers_as_defined,
    webhook_authorities,
)
from partners.models import Scope, triggers
from partners.partitions import present
from partners.triggers import installing

KEY = base64.b64encode(bytes(range(32))).decode()
OTHER = base64.b64encode(bytes(range(32, 64))).decode()


def ids(faults) -> list[str]:
    return [fault.id for fault in faults]


@pytest.mark.parametrize("text", ["", f"1:{KEY}", f"1:{KEY},2:{OTHER}"])
def test_digest_keys_in_order_are_no_fault(settings, text):
    settings.DIGEST_KEYS = text
    assert digest_keys(None) == []


@pytest.mark.parametrize("text", ["junk", f"x:{KEY}", "1:AAAA", f"1:{KEY},1:{OTHER}"])
def test_digest_keys_that_cannot_be_read_are_e001(settings, text):
    settings.DIGEST_KEYS = text
    assert ids(digest_keys(None)) == ["partners.E001"]


def test_public_keys_of_secret_scanning_that_cannot_be_read_are_e021(settings):
    settings.SECRET_SCANNING_KEYS = ""
    assert scanning_keys(None) == []
    settings.SECRET_SCANNING_KEYS = "an-identifier:no-key"
    (fault,) = scanning_keys(None)
    assert fault.id == "partners.E021"
    assert "no-key" not in f"{fault.msg}{fault.hint}"


@pytest.mark.parametrize("text", [None, "no certificate"])
def test_certificate_authorities_that_cant_be_read_are_e030(settings, tmp_path, text):
    assert webhook_authorities(None) == []
    settings.WEBHOOK_CA_FILE = str(tmp_path / "ca.pem")
    if text:
        (tmp_path / "ca.pem").write_text(text)
    assert ids(webhook_authorities(None)) == ["partners.E030"]


@pytest.mark.parametrize(("number", "found"), [(0, []), (1, []), (2, ["partners.E007"])])
def test_an_active_digest_key_that_is_not_loaded_is_e007(settings, number, found):
    settings.DIGEST_KEYS, settings.ACTIVE_DIGEST_KEY = f"1:{KEY}", number
    assert ids(digest_keys(None)) == found


def test_two_equal_digest_keys_are_e002(settings):
    settings.DIGEST_KEYS = f"1:{KEY},2:{KEY}"
    assert ids(digest_keys(None)) == ["partners.E002"]


def test_a_digest_key_equal_to_the_secret_key_is_e002(settings):
    settings.DIGEST_KEYS = "1:" + base64.b64encode(settings.SECRET_KEY.encode()).decode()
    assert ids(digest_keys(None)) == ["partners.E002"]


def test_one_secret_copied_to_both_variables_is_e002(settings):
    settings.SECRET_KEY = base64.b64encode(bytes(range(64))).decode()
    settings.DIGEST_KEYS = f"1:{settings.SECRET_KEY}"
    assert ids(digest_keys(None)) == ["partners.E002"]


def test_a_digest_key_equal_to_a_seal_key_is_e002(settings):
    settings.DIGEST_KEYS, settings.SEAL_KEYS = f"1:{KEY}", f"1:{OTHER}"
    assert digest_keys(None) == []
    settings.SEAL_KEYS = f"1:{OTHER},2:{KEY}"
    assert ids(digest_keys(None)) == ["partners.E002"]


def test_a_seal_key_that_cannot_be_read_does_not_hide_that_digest_keys_are_equal(settings):
    settings.DIGEST_KEYS, settings.SEAL_KEYS = f"1:{KEY},2:{KEY}", "junk"
    assert ids(digest_keys(None)) == ["partners.E002"]


@pytest.mark.parametrize(
    ("private", "public", "told"),
    [
        ("", "", None),
        (f"1:{KEY}", "", None),
        ("", f"1:{KEY}", None),
        ("junk", "", "CHARTERO_SEAL_KEYS: write each as"),
        (f"1:{KEY}", "2:AAAA", "CHARTERO_SEAL_PUBLIC_KEYS: number 2 has under 32 bytes."),
        (f"1:{KEY}", f"1:{OTHER}", "CHARTERO_SEAL_PUBLIC_KEYS: a number belongs to another private key."),
    ],
)
def test_seal_keys_that_cannot_be_read_are_e022(settings, private, public, told):
    settings.SEAL_KEYS, settings.SEAL_PUBLIC_KEYS = private, public
    faults = sealing_keys(None)
    assert ids(faults) == (["partners.E022"] if told else [])
    assert all(fault.msg.startswith(told) and OTHER not in fault.msg for fault in faults)


def test_a_file_of_seal_keys_is_left_to_what_seals(settings, tmp_path):
    settings.SEAL_KEYS, settings.SEAL_KEYS_FILE = "", str(tmp_path / "of_another_user")
    assert sealing_keys(None) == digest_keys(None) == []


def test_a_digest_key_that_is_not_random_is_e004(settings):
    settings.DIGEST_KEYS = "1:" + base64.b64encode(bytes(32)).decode()
    assert ids(digest_keys(None)) == ["partners.E004"]


@pytest.mark.parametrize(("years", "faults"), [(6, []), (10, []), (5, ["partners.E006"]), (0, ["partners.E006"])])
def test_records_kept_for_less_than_six_years_are_e006(settings, years, faults):
    settings.RETENTION_YEARS = years
    assert ids(retention_long_enough(None)) == faults


def test_no_fault_repeats_a_key(settings):
    settings.DIGEST_KEYS = f"1:{KEY},1:{KEY}x"
    (fault,) = digest_keys(None)
    assert KEY not in f"{fault}{fault.hint}"


@pytest.mark.django_db
def test_scopes_in_step_are_no_fault():
    assert scopes_mirror_catalogue(["default"]) == []


@pytest.mark.django_db
@pytest.mark.parametrize("change", [{"description": "another"}, {"name": "another:read"}])
def test_scopes_out_of_step_are_e003(change):
    Scope.objects.filter(name="patients:read").update(**change)
    assert ids(scopes_mirror_catalogue(["default"])) == ["partners.E003"]


@pytest.mark.django_db
def test_a_scope_that_left_the_catalogue_is_no_fault():
    Scope.objects.create(name="gone:read", description="gone")
    assert scopes_mirror_catalogue(["default"]) == []


@pytest.mark.django_db
def test_before_the_first_migration_the_scopes_are_no_fault(monkeypatch):
    monkeypatch.setattr(Scope._meta, "db_table", "not_there_yet")
    assert scopes_mirror_catalogue(["default"]) == []


@pytest.mark.parametrize("databases", [None, []])
def test_without_a_database_no_scope_is_looked_at(databases):
    assert scopes_mirror_catalogue(databases) == []


@pytest.mark.django_db
def test_the_checks_are_registered(settings):
    Scope.objects.update(description="another")
    settings.DIGEST_KEYS = settings.SEAL_KEYS = "junk"
    settings.RETENTION_YEARS = 1
    expected = {"partners.E001", "partners.E003", "partners.E006", "partners.E022"}
    assert expected <= set(ids(run_checks(databases=["default"])))


@pytest.mark.direct
@pytest.mark.clock_of_database
@pytest.mark.django_db
def test_the_product_itself_has_no_fault():
    call_command("check", databases=["default"], fail_level="WARNING")


@pytest.mark.clock_of_database
@pytest.mark.django_db
def test_triggers_that_are_not_as_defined_are_e040():
    assert triggers_as_defined(["default"]) == []
    installing.remove(connection, triggers.SET)
    faults = triggers_as_defined(["default"])
    assert set(ids(faults)) == {"partners.E040"}
    assert "trigger api_key_is_kept on partners_apikey: missing." in " ".join(fault.msg for fault in faults)


@pytest.mark.parametrize("databases", [None, []])
def test_without_a_database_no_trigger_is_looked_at(databases):
    assert triggers_as_defined(databases) == []


@pytest.mark.postgresql
def test_an_owner_and_missing_and_needless_privileges_are_reported(become_web, web_role):
    found = {"partners.W041", "partners.E042", "partners.W043"}
    assert found & set(ids(run_checks(include_deployment_checks=True, databases=["default"]))) == {"partners.W041"}
    become_web()
    assert not found & set(ids(run_checks(include_deployment_checks=True, databases=["default"])))
    with connection.cursor() as cursor:
        cursor.execute("RESET SESSION AUTHORIZATION")
        cursor.execute(f"REVOKE SELECT ON ALL TABLES IN SCHEMA public FROM {web_role}")
        cursor.execute(f"GRANT DELETE ON partners_requestrecord TO {web_role}")
        cursor.execute(f"SET SESSION AUTHORIZATION {web_role}")
    lacking, beyond = privileges_as_needed(["default"])
    assert (lacking.id, beyond.id) == ("partners.E042", "partners.W043")
    assert lacking.msg.startswith("The role of DATABASE_URL lacks SELECT on auth_group, ")
    assert "more." in lacking.msg
    assert beyond.msg == "The role of DATABASE_URL has more than it needs: DELETE on partners_requestrecord."


@pytest.mark.parametrize("databases", [None, []])
def test_without_a_database_no_privilege_is_looked_at(databases):
    assert (owner_apart(databases), privileges_as_needed(databases)) == ([], [])


@pytest.mark.django_db
def test_months_that_nobody_made_are_named(monkeypatch):
    assert months_ahead(["default"]) == months_ahead(None) == []
    monkeypatch.setattr(present, "faults", lambda database: ["no partition for 2027-02"])
    [fault] = months_ahead(["default"])
    assert (fault.id, "no partition for 2027-02" in fault.msg) == ("partners.W045", True)
