"""The admin as Django gives it: partners and records to read, nothing to change, no secret to see."""

import pytest
from django.contrib.auth.models import User

from tests.factories import CHANGE, DocumentFactory, OrganizationFactory, issue
from tests.partners.support.webhooks import added

PAGES = ["/admin/", *(f"/admin/{model}/" for model in (
    "partners/organization", "partners/apikey", "partners/changeevent", "encounters/encounter", "auth/user",
))]  # fmt: skip


@pytest.fixture
def rows(db):
    """One row of every kind."""
    organization = OrganizationFactory()
    key, token = issue(organization)
    encounter = DocumentFactory(encounter__organization=organization).encounter
    return {
        "partners/organization": organization,
        "partners/apikey": key,
        "encounters/encounter": encounter,
        "token": token,
    }


@pytest.mark.parametrize("page", PAGES)
def test_lists(admin_client, rows, page):
    answer = admin_client.get(page)
    assert answer.status_code == 200
    assert rows["token"] not in answer.text


@pytest.mark.parametrize("model", ["partners/organization", "partners/apikey", "encounters/encounter"])
def test_one_row_to_read(admin_client, rows, model):
    answer = admin_client.get(f"/admin/{model}/{rows[model].pk}/change/")
    assert answer.status_code == 200
    assert 'name="_save"' not in answer.text
    assert bytes(rows["partners/apikey"].digest).hex() not in answer.text


@pytest.mark.parametrize(
    "path",
    [
        "partners/changeevent/add/",
        "encounters/encounter/add/",
        *(f"{model}/1/delete/" for model in ("partners/organization", "partners/apikey", "partners/changeevent")),
        "encounters/encounter/1/delete/",
    ],
)
def test_nothing_is_deleted_and_no_record_is_added_here(admin_client, rows, path):
    assert admin_client.post(f"/admin/{path}").status_code == 403


def test_pages_ask_for_a_sign_in(client, db):
    assert client.get("/admin/").url.startswith("/admin/login/")


def test_passwords_are_hashed_with_argon2id_first(settings):
    from chartero import settings as shipped

    settings.PASSWORD_HASHERS = shipped.PASSWORD_HASHERS
    user = User(username="invented")
    user.set_password("an invented password")
    assert user.password.startswith("argon2$argon2id$")


def test_the_navigation_has_the_daily_work_and_a_menu_for_the_rest(admin_client):
    groups = admin_client.get("/admin/reasons/").context["navigation"]
    titles = {group["title"]: [entry["title"] for entry in group["entries"]] for group in groups}
    assert titles == {
        "": ["Home", "Organizations", "API keys", "Why does this call fail?"],
        "Look up": [
            *("Requests", "Changes", "Leaks", "Disclosures", "Staff activity", "Record integrity"),
            *("Encounters", "Restrictions", "Reason codes"),
        ],
        "Administer": ["Access reviews", "Global switch", "Users", "Roles"],
    }
    assert [group["title"] for group in groups if group["here"]] == ["Look up"]


def test_the_pages_of_webhooks_are_among_those_of_organizations(admin_client, db):
    delivery = added(OrganizationFactory()).send_test(CHANGE)
    for page in (f"{delivery.endpoint_id}/", f"{delivery.endpoint_id}/secret/", f"deliveries/{delivery.pk}/"):
        groups = admin_client.get(f"/admin/webhooks/{page}").context["navigation"]
        assert [entry["title"] for group in groups for entry in group["entries"] if entry["here"]] == ["Organizations"]


def test_a_menu_without_entries_is_left_out(client, db):
    client.force_login(User.objects.create_user("nobody", is_staff=True))
    assert [group["title"] for group in client.get("/admin/").context["navigation"]] == [""]
