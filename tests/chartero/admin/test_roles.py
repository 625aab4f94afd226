"""Roles: who may do what is shown, and nothing can be edited."""

import pytest
from django.contrib.auth.models import Group, Permission, User
from django.test import Client

from chartero.roles import ABILITIES, SUPERUSERS_ONLY, Role
from tests.partners.support.diagnosing import text_of
from tests.partners.support.staff import signed_in, statements

pytestmark = pytest.mark.django_db
ROLES = "/admin/auth/group/"


@pytest.fixture
def boss() -> Client:
    client = signed_in(None)
    User.objects.update(is_superuser=True)
    return client


def person(name: str, role: str, **values) -> User:
    user = User.objects.create_user(name, is_staff=True, **values)
    user.groups.add(Group.objects.get(name=role))
    return user


def page_of(role: str) -> str:
    return f"{ROLES}{Group.objects.get(name=role).pk}/change/"


def test_every_permission_of_a_role_is_told_in_words():
    assert {permission for role in Role for permission in role.permissions} <= {*ABILITIES}


def test_a_row_says_who_may(boss):
    Group.objects.create(name="Auditors").permissions.add(Permission.objects.get(codename="view_changeevent"))
    abilities = {each.words: dict(each.allowed) for each in boss.get(ROLES).context["abilities"]}
    assert len(abilities) == len(ABILITIES) + 1
    roles = ["Support", "Partner onboarding", "Security", "Auditors", "Superuser"]
    assert [*abilities["Issue keys"]] == roles
    assert [role for role, yes in abilities["Issue keys"].items() if yes] == [roles[1], roles[2], roles[4]]
    record = abilities["See the record of changes, and staff activity"]
    assert [role for role, yes in record.items() if yes] == roles[2:]
    assert [role for role, yes in abilities[SUPERUSERS_ONLY].items() if yes] == ["Superuser"]


def test_a_role_says_how_many_have_it_without_who_left(boss):
    person("ada", "Support")
    person("bob", "Support", is_active=False)
    said = text_of(boss.get(ROLES))
    assert "Comments, but changes nothing. 1 user" in said
    assert "manages users. 1 user" in said


def test_the_page_of_a_role_shows_what_it_may_and_who_has_it(boss, monkeypatch):
    monkeypatch.setattr("chartero.admin.roles.SHOWN", 1)
    ada = person("ada", "Security", first_name="Ada", last_name="L")
    page = boss.get(page_of("Security"))
    said = text_of(page)
    for words in ("Revoke keys", "See encounters", "ada Ada L", "May also enable and revoke keys"):
        assert words in said
    assert f'href="/admin/auth/user/{ada.pk}/change/"' in page.text
    assert "All users with this role" not in said
    person("bob", "Security")
    assert "The first 1 of 2. All users with this role" in text_of(boss.get(page_of("Security")))


def test_a_role_of_the_deployment_is_shown_with_the_names_of_django(boss):
    group = Group.objects.create(name="Auditors")
    assert "May Nothing. Who has it Nobody." in text_of(boss.get(page_of("Auditors")))
    group.permissions.set(Permission.objects.filter(codename__in=["view_apikey", "add_logentry"]))
    said = text_of(boss.get(page_of("Auditors")))
    assert "See API keys and approvals, and why a call failsCan add log entry" in said


@pytest.mark.parametrize("text", ["0", "9" * 19, "abc"])
def test_no_role_is_found_by_another_id(boss, text):
    assert boss.get(f"{ROLES}{text}/change/").status_code == 404


def test_no_role_is_edited_here(boss):
    path = page_of("Support")
    assert (boss.post(path, {"name": "Else"}).status_code, boss.post(f"{ROLES}add/").status_code) == (405, 403)
    assert boss.get(path.replace("change", "history")).url == path
    assert 'type="submit"' not in boss.get(path).text.partition("<main")[2]


def test_the_statements_do_not_grow_with_the_roles(boss):
    few = statements(boss, ROLES), statements(boss, page_of("Support"))
    for number in range(8):
        group = Group.objects.create(name=f"Role {number}")
        group.permissions.set(Permission.objects.all())
        person(f"user{number}", "Support").groups.add(group)
    assert (statements(boss, ROLES), statements(boss, page_of("Support"))) == few
