"""Users and groups, as superusers change them: what is asked, and what is on record."""

import pytest
from django.contrib.auth.models import Group, Permission, User
from django.test import Client

from partners.models.change import Action, ChangeEvent
from tests.factories import issue
from tests.partners.support.staff import make_stale, signed_in

pytestmark = pytest.mark.django_db
USERS, GROUPS = "/admin/auth/user/", "/admin/auth/group/"
WHY = {"reason": "a new colleague", "ticket": "OPS-7"}
PASSWORD = "an invented passphrase"


@pytest.fixture
def boss() -> Client:
    client = signed_in(None)
    User.objects.update(is_superuser=True)
    return client


@pytest.fixture
def ada() -> User:
    user = User.objects.create_user("ada", is_staff=True, email="ada@example.com")
    user.groups.add(Group.objects.get(name="Support"))
    return user


def fields(user: User, **given) -> dict:
    """Return the form of a person as it is shown, with what is changed in it."""
    group_ids = list(user.groups.values_list("pk", flat=True))
    form = {"username": user.username, "email": user.email, "is_active": "on", "is_staff": "on", "groups": group_ids}
    return {name: value for name, value in (form | WHY | given).items() if value is not None}


def events() -> list[ChangeEvent]:
    return [*ChangeEvent.objects.order_by("pk")]


def test_a_new_person_is_recorded_without_the_password(boss):
    answer = boss.post(f"{USERS}add/", {"username": "ada", "password1": PASSWORD, "password2": PASSWORD} | WHY)
    assert answer.status_code == 302
    (event,) = events()
    assert (event.action, event.by, event.source) == (Action.USER_ADDED, "None-person", "127.0.0.1")
    assert (event.reason, event.ticket, event.before) == ("a new colleague", "OPS-7", {})
    assert (event.after["username"], event.after["is_superuser"], event.after["groups"]) == ("ada", False, [])
    assert User.objects.get(username="ada").check_password(PASSWORD)
    assert not {"argon2", PASSWORD, "password"} & set(str(event.after).split("'"))


@pytest.mark.parametrize(
    ("given", "action", "before", "after"),
    [
        ({"email": "a@example.com"}, Action.USER_CHANGED, {"email": "ada@example.com"}, {"email": "a@example.com"}),
        ({"username": "adele"}, Action.USER_CHANGED, {"username": "ada"}, {"username": "adele"}),
        ({"is_active": None}, Action.USER_DEACTIVATED, {"is_active": True}, {"is_active": False}),
        ({"is_superuser": "on"}, Action.ROLES_CHANGED, {"is_superuser": False}, {"is_superuser": True}),
        ({"is_staff": None}, Action.ROLES_CHANGED, {"is_staff": True}, {"is_staff": False}),
        ({"groups": []}, Action.ROLES_CHANGED, {"groups": ["Support"]}, {"groups": []}),
    ],
)
def test_a_change_of_a_person_is_recorded(boss, ada, given, action, before, after):
    assert boss.post(f"{USERS}{ada.pk}/change/", fields(ada, **given)).status_code == 302
    (event,) = events()
    assert (event.action, event.reason, event.before["username"]) == (action, "a new colleague", "ada")
    assert (event.before | before, event.after | after) == (event.before, event.after)


def test_each_kind_of_change_is_found_by_its_action(boss, ada):
    boss.post(f"{USERS}{ada.pk}/change/", fields(ada, last_name="L", is_active=None, groups=[]))
    kinds = {Action.USER_CHANGED, Action.USER_DEACTIVATED, Action.ROLES_CHANGED}
    assert {event.action for event in events()} == kinds
    boss.post(f"{USERS}{ada.pk}/change/", fields(ada, last_name="L", groups=[]))
    assert events()[-1].action == Action.USER_ACTIVATED


def test_a_form_that_changes_nothing_leaves_no_trace(boss, ada):
    assert boss.post(f"{USERS}{ada.pk}/change/", fields(ada)).status_code == 302
    group = Group.objects.create(name="Auditors")
    assert boss.post(f"{GROUPS}{group.pk}/change/", {"name": "Auditors"} | WHY).status_code == 302
    assert events() == []


def test_a_group_is_recorded_when_it_is_made_and_when_it_changes(boss):
    view = Permission.objects.get(codename="view_changeevent")
    boss.post(f"{GROUPS}add/", {"name": "Auditors"} | WHY)
    group = Group.objects.get(name="Auditors")
    boss.post(f"{GROUPS}{group.pk}/change/", {"name": "Audit", "permissions": [view.pk]} | WHY)
    added, changed = events()
    assert (added.action, added.after) == (Action.GROUP_ADDED, {"name": "Auditors", "permissions": []})
    assert (changed.action, changed.before) == (Action.GROUP_CHANGED, added.after)
    assert changed.after == {"name": "Audit", "permissions": ["partners.view_changeevent"]}


@pytest.mark.parametrize("path", [f"{USERS}add/", f"{USERS}{{}}/change/", f"{GROUPS}add/", f"{GROUPS}{{}}/change/"])
@pytest.mark.parametrize("given", [{"reason": " "}, {"reason": "bell\x07"}, {"ticket": "two\nlines"}])
def test_without_a_reason_that_can_be_kept_nothing_is_changed(boss, ada, path, given):
    form = fields(ada, name="Auditors", username="eve", password1=PASSWORD, password2=PASSWORD, is_superuser="on")
    answer = boss.post(path.format(ada.pk if "user" in path else ada.groups.get().pk), form | given)
    assert list(answer.context["adminform"].form.errors) == [*given]
    assert events() == []
    assert {*User.objects.values_list("username", flat=True)} == {"None-person", "ada"}


def test_a_taken_name_is_refused_next_to_its_field(boss, ada):
    form = {"username": "ada", "password1": PASSWORD, "password2": PASSWORD} | WHY
    assert "already exists" in boss.post(f"{USERS}add/", form).text
    assert "already exists" in boss.post(f"{GROUPS}add/", {"name": "Support"} | WHY).text


def test_a_token_in_a_reason_is_dropped(boss, ada):
    _, token = issue()
    answer = boss.post(f"{USERS}{ada.pk}/change/", fields(ada, email="", reason=f"of {token}"))
    assert "This text held a token" in answer.text
    assert token not in answer.text


@pytest.mark.parametrize("page", ["add/", "{}/change/"])
def test_a_stale_session_makes_no_superuser(boss, ada, page):
    make_stale(boss)
    form = fields(ada, username="eve", password1=PASSWORD, password2=PASSWORD, is_superuser="on")
    answer = boss.post(USERS + page.format(ada.pk), form)
    assert (answer.status_code, answer.headers.get("Location", "").partition("?")[0]) == (302, "/signin/password/")
    assert PASSWORD not in answer.text
    assert User.objects.filter(is_superuser=True).count() == 1


def test_a_form_without_a_password_is_carried_along(boss, ada):
    make_stale(boss)
    form = {name: value for name, value in fields(ada, is_superuser="on").items() if "password" not in name}
    assert 'name="is_superuser" value="on"' in boss.post(f"{USERS}{ada.pk}/change/", form).text
    boss.post(f"{USERS}{ada.pk}/change/", form | {"proof_of_password": "invented"})
    assert User.objects.get(pk=ada.pk).is_superuser


def test_the_page_that_takes_a_password_asks_for_a_fresh_one_first(boss):
    assert boss.get(f"{USERS}add/").status_code == 200
    make_stale(boss)
    assert boss.get(f"{USERS}add/").url == "/signin/password/?next=%2Fadmin%2Fauth%2Fuser%2Fadd%2F"
