"""Lists are filtered by what they offer and by nothing else, for anybody: no lookup from the address tells a secret."""

import pytest
from django.contrib import admin
from django.contrib.auth.models import User
from django.test import RequestFactory

from partners.admin.lists.model_admin import LEFT_OUT, StrictModelAdmin
from partners.admin.lists.paging import SearchableList
from partners.models import ApiKey
from tests.factories import DocumentFactory, OrganizationFactory, issue

KEYS, USERS = "/admin/partners/apikey/", "/admin/auth/user/"
LISTS = {
    f"/admin/{model._meta.app_label}/{model._meta.model_name}/": (model, own)
    for model, own in admin.site._registry.items()
}
LOOKUPS = ("regex", "startswith", "gt", "in", "isnull", "exact")

pytestmark = pytest.mark.django_db


@pytest.fixture
def rows(db):
    issue(OrganizationFactory())
    issue(OrganizationFactory())
    DocumentFactory()


def lookups(model, offered) -> list[str]:
    """Return lookups on every field of a table and of the tables beside it, but for those that are offered."""
    beside = [field for field in model._meta.get_fields() if field.related_model not in (None, model)]
    fields = [field.name for field in model._meta.get_fields()]
    far = [f"{field.name}__{each.name}" for field in beside for each in field.related_model._meta.fields]
    names = [*fields, *far, *(f"{name}__{lookup}" for name in [*fields, *far] for lookup in LOOKUPS)]
    return [name for name in names if name not in offered]


def of(own, user=None):
    request = RequestFactory().get("/")
    request.user = user or User(is_active=True, is_staff=True, is_superuser=True)
    return own.offered(request), request


@pytest.mark.parametrize("path", LISTS)
def test_every_table_of_the_admin_is_guarded(path):
    assert isinstance(LISTS[path][1], StrictModelAdmin)


@pytest.mark.parametrize("path", LISTS)
def test_every_list_limits_the_length_of_a_search(path):
    own = LISTS[path][1]
    assert issubclass(own.get_changelist(of(own)[1]), SearchableList)


@pytest.mark.parametrize("path", LISTS)
def test_no_lookup_filters_but_those_that_are_offered(path):
    model, own = LISTS[path]
    offered, request = of(own)
    names = lookups(model, offered)
    assert len(names) > 30
    assert [name for name in names if own.lookup_allowed(name, "x", request)] == []


@pytest.mark.parametrize("path", LISTS)
def test_every_filter_of_a_list_is_offered(path):
    own = LISTS[path][1]
    assert {each.parameter_name for each in own.list_filter} <= of(own)[0]


@pytest.mark.parametrize(
    "query",
    ["digest__regex=^.", "public_id__regex=^key_", "digest=x", "organization__name__startswith=A", "e=1", "_facets=1",
     "_popup=1", "_to_field=digest", "id__in=1", "state__regex=a", "nothing=1", "digest__regex=^.&e=1"],
)  # fmt: skip
def test_a_parameter_that_is_not_offered_is_ignored_with_a_message(admin_client, rows, query):
    answer = admin_client.get(f"{KEYS}?{query}")
    assert (answer.status_code, answer["Location"]) == (302, KEYS)
    shown = admin_client.get(KEYS)
    assert LEFT_OUT in shown.text
    assert shown.context["cl"].result_count == ApiKey.objects.count()


def test_the_other_parameters_stay(admin_client, rows):
    assert admin_client.get(f"{KEYS}?q=a+b&id=1&state=active&p=1")["Location"] == f"{KEYS}?q=a+b&state=active&p=1"


@pytest.mark.parametrize(
    ("query", "count"),
    [("state=active", 2), ("state=revoked", 0), ("digest_key=2", 2), ("digest_key=1", 0), ("scope=patients:read", 2),
     ("used=never", 2), ("organization=invented", 2), ("organization=nobody", 0)],
)  # fmt: skip
def test_offered_parameters_filter(admin_client, rows, query, count):
    assert admin_client.get(f"{KEYS}?{query}").context["cl"].result_count == count


@pytest.mark.parametrize(
    "query", ["digest_key=abc", "digest_key=1.5", "state=x", "scope=x", "used=x", f"digest_key={'9' * 400}"]
)
def test_a_value_that_is_not_a_choice_is_ignored(admin_client, rows, query):
    assert admin_client.get(f"{KEYS}?{query}").context["cl"].result_count == 2


@pytest.mark.parametrize("query", ["groups__id__exact=abc", "is_active__exact=abc", "is_active__exact=9&e=1"])
def test_a_value_that_cannot_be_read_leads_to_the_list(admin_client, query):
    answer = admin_client.get(f"{USERS}?{query}", follow=True)
    assert (answer.status_code, answer.redirect_chain[-1][0]) == (200, USERS)


@pytest.mark.parametrize("path", LISTS)
def test_without_permission_a_list_is_refused_with_any_parameters(client, path):
    client.force_login(User.objects.create_user("nobody", is_staff=True))
    assert client.get(f"{path}?nothing=1").status_code == 403


def test_a_search_for_too_many_words_shows_an_error(admin_client, rows):
    answer = admin_client.get(KEYS, {"q": "a " * 700})
    assert answer.status_code == 200
    assert "at most 200 characters" in answer.text


@pytest.mark.parametrize("field", ["username", "password", "id", "nothing"])
def test_no_row_is_found_by_another_field_than_its_id(admin_client, admin_user, field):
    assert admin_client.get(f"{USERS}{admin_user.pk}/delete/?_to_field={field}").status_code == 400


@pytest.mark.parametrize("field", ["", "username"])
def test_our_own_pages_find_a_row_by_its_id_alone(admin_client, admin_user, field):
    assert admin_client.get(f"{USERS}{admin_user.pk}/change/?_to_field={field}").status_code == 200
    assert admin_client.get(f"{USERS}admin/change/?_to_field={field}").status_code == 404
