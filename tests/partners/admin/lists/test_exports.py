"""The rows of a list as a CSV file: what is in it, who may take it, and that taking it is on record."""

import csv
import io

import pytest
from django.db import connection
from django.utils import timezone

from partners.models import ApiKey, ChangeEvent, Organization
from partners.models.change import Action
from partners.review import key_report, organization_report
from tests.factories import CHANGE, OrganizationFactory, issue
from tests.partners.support.calls import used
from tests.partners.support.staff import ORGANIZATIONS, make_stale, signed_in

pytestmark = pytest.mark.django_db
KEYS = "/admin/partners/apikey/"


def file(client, path: str) -> list[dict[str, str]]:
    answer = client.post(path)
    assert answer.status_code == 200
    return list(csv.DictReader(io.StringIO(answer.getvalue().decode())))


def exported() -> dict:
    event = ChangeEvent.objects.get(action=Action.EXPORTED)
    assert (event.by, event.source) == ("Support-person", "127.0.0.1")
    return event.after


def test_keys_come_with_the_columns_of_the_report(support, organization):
    key, token = issue(organization, label="EHR sync")
    used(key, days=2)
    (row,) = file(support, f"{KEYS}export/")
    assert tuple(row) == key_report.COLUMNS
    assert (row["label"], row["state"], row["key_id"]) == ("EHR sync", "active", key.public_id)
    assert row["scopes"] == "documents:read encounters:read patients:read recordings:read"
    assert token[18:] not in str(row)
    assert ApiKey.objects.get().digest.hex() not in str(row)


def test_the_file_has_the_rows_of_the_list_in_its_order(support, organization):
    for number in range(60):
        issue(organization, label=f"System {number:02}")
    issue(organization, label="Another")
    organization.api_keys.get(label="System 07").revoke(CHANGE)
    rows = file(support, f"{KEYS}export/?q=system&state=active&o=-label")
    assert [row["label"] for row in rows] == [f"System {number:02}" for number in reversed(range(60)) if number != 7]
    assert exported() == {"list": "API keys", "filters": "q=system, state=active", "rows": 59}


def test_organizations_come_with_what_the_list_says_of_them(support, newcomer):
    described = {"owner": "Dana Example", "note": "=1+1", "tags": ["billing", "pilot"]}
    partner = OrganizationFactory(name="Clinic", contact_email="ada@partner.example", **described)
    key = used(issue(partner)[0], days=3)
    clinic, other = file(support, f"{ORGANIZATIONS}export/")
    assert tuple(clinic) == organization_report.COLUMNS
    assert (clinic["organization"], clinic["allowlisted"], clinic["active_keys"]) == ("Clinic", "yes", "1")
    assert clinic["routes"].split() == partner.enabled_routes()
    assert (clinic["owner"], clinic["tags"], clinic["note"]) == ("Dana Example", "billing pilot", "'=1+1")
    assert clinic["last_used_at"].startswith(f"{key.last_used_at:%Y-%m-%dT%H:%M}")
    assert (other["allowlisted"], other["routes"], other["last_used_at"]) == ("no", "", "")
    assert exported() == {"list": "Organizations", "filters": "", "rows": 2}


def test_organizations_are_filtered_and_sorted_as_in_the_list(support, newcomer, monkeypatch):
    monkeypatch.setattr(organization_report, "CHUNK", 2)
    for name in ("Alpha", "Beta", "Gamma"):
        OrganizationFactory(name=name)
    rows = file(support, f"{ORGANIZATIONS}export/?show=allowlisted&o=-name")
    assert [row["organization"] for row in rows] == ["Gamma", "Beta", "Alpha"]


def test_the_file_has_a_name_with_its_day(support, organization):
    answer = support.post(f"{ORGANIZATIONS}export/")
    assert answer["Content-Disposition"] == f'attachment; filename="organizations-{timezone.now():%Y-%m-%d}.csv"'
    assert answer["Content-Type"].startswith("text/csv; charset=utf-8")
    assert answer.streaming


def test_no_cell_begins_a_formula(support):
    issue(OrganizationFactory(name="=1+2"), label="@SUM(A1)")
    (row,) = file(support, f"{KEYS}export/")
    assert (row["organization"], row["label"]) == ("'=1+2", "'@SUM(A1)")


def test_what_was_searched_for_is_on_record_without_a_token(support, token):
    file(support, f"{KEYS}export/?q={token}")
    assert exported()["filters"] == f"q={token[:18]}…"
    assert token[18:] not in str(exported())


@pytest.mark.parametrize("query", ["digest__regex=^.", "nothing=1", "p=99", "id__in=1"])
def test_what_the_list_does_not_offer_exports_nothing(support, organization, query, monkeypatch):
    monkeypatch.setattr("partners.admin.keys.admin.ApiKeyAdmin.list_per_page", 1)
    for _ in range(2):
        issue(organization)
    assert support.post(f"{KEYS}export/?{query}").status_code == 400
    assert not ChangeEvent.objects.filter(action=Action.EXPORTED).exists()


@pytest.mark.parametrize("path", [KEYS, ORGANIZATIONS])
def test_it_takes_a_role_a_form_and_a_fresh_password(organization, path):
    client = signed_in(None)
    assert client.post(f"{path}export/").status_code == 403
    support = signed_in("Support")
    assert support.get(f"{path}export/").status_code == 405
    make_stale(support)
    assert "Confirm your password" in support.post(f"{path}export/").text
    assert not ChangeEvent.objects.filter(action=Action.EXPORTED).exists()


@pytest.mark.parametrize("path", [KEYS, ORGANIZATIONS])
def test_the_list_has_a_button_that_keeps_the_filters(support, organization, path):
    issue(organization)
    assert f'action="{path}export/?q=invented&amp;o=-name"' in support.get(f"{path}?q=invented&o=-name&p=1").text
    assert "Download CSV" not in support.get(f"{path}?q=nobody").text


def test_a_fault_of_the_database_is_answered_before_the_file_begins(support, organization):
    issue(organization)

    def fail(execute, sql, params, many, context):
        if "group_concat" in sql.lower() or "string_agg" in sql.lower():
            raise connection.Database.OperationalError("out of reach")
        return execute(sql, params, many, context)

    support.raise_request_exception = False
    with connection.execute_wrapper(fail):
        assert support.post(f"{KEYS}export/").status_code >= 500
    assert not ChangeEvent.objects.filter(action=Action.EXPORTED).exists()
    assert Organization.objects.count() == 1
