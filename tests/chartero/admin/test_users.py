"""Users, as superusers see and change them: what is shown, what is asked, and what is on record."""

import pytest
from django.contrib.auth.models import Group, User
from django.test import Client
from django.utils import timezone

from chartero.admin import users
from partners.admin.lists.model_admin import LEFT_OUT
from partners.models.change import Action, ChangeEvent
from partners.signin.guards import totp
from partners.signin.models import Phone, RecoveryCode
from tests.factories import issue
from tests.partners.support.diagnosing import text_of
from tests.partners.support.staff import make_stale, signed_in, statements

pytestmark = pytest.mark.django_db
USERS = "/admin/auth/user/"
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
    form = {"username": user.username, "email": user.email, "is_active": "on", "groups": group_ids}
    return {name: value for name, value in (form | WHY | given).items() if value is not None}


def events() -> list[ChangeEvent]:
    return [*ChangeEvent.objects.order_by("pk")]


def new_user(role="Support", **given) -> dict:
    """Return the form that adds a person."""
    groups = list(Group.objects.filter(name=role).values_list("pk", flat=True))
    return {"username": "ada", "password1": PASSWORD, "password2": PASSWORD, "groups": groups} | WHY | given


def test_a_new_person_is_recorded_without_the_password(boss):
    assert boss.post(f"{USERS}add/", new_user(email="ada@example.com")).status_code == 302
    (event,) = events()
    assert (event.action, event.by, event.source) == (Action.USER_ADDED, "None-person", "127.0.0.1")
    assert (event.reason, event.ticket, event.before) == ("a new colleague", "OPS-7", {})
    assert event.after == {
        "username": "ada",
        "first_name": "",
        "last_name": "",
        "email": "ada@example.com",
        "is_active": True,
        "is_staff": True,
        "is_superuser": False,
        "groups": ["Support"],
    }
    assert User.objects.get(username="ada").check_password(PASSWORD)


def test_a_new_person_signs_in_at_once_with_the_chosen_role(boss, client):
    page = boss.post(f"{USERS}add/", new_user("Security"), follow=True)
    assert "Added: ada can sign in now." in text_of(page)
    answer = client.post("/admin/login/", {"username": "ada", "password": PASSWORD, "next": "/admin/"}, follow=True)
    assert answer.redirect_chain == [("/admin/", 302)]
    assert client.get("/admin/partners/changeevent/").status_code == 200


@pytest.mark.parametrize(
    ("form", "told"),
    [
        ({"groups": []}, "Choose a role."),
        ({"groups": [999_999]}, "is not one of the available choices"),
        ({"groups": ["9" * 19]}, "is not one of the available choices"),
        ({"username": "None-person"}, "already exists"),
        ({"password2": "another invented one"}, "didn’t match"),
        ({"password1": "12345678", "password2": "12345678"}, "too common"),
        ({"reason": ""}, "This field is required."),
    ],
)
def test_a_user_who_cannot_be_added_is_not_and_is_told_beside_the_field(boss, form, told):
    page = boss.post(f"{USERS}add/", new_user(**form))
    assert (page.status_code, told in page.text) == (200, True)
    assert (User.objects.count(), events()) == (1, [])
    assert PASSWORD not in page.text


def test_a_superuser_needs_no_other_role(boss):
    boss.post(f"{USERS}add/", new_user(groups=[], is_superuser="on"))
    assert User.objects.get(username="ada").is_superuser


@pytest.mark.parametrize(
    ("given", "action", "before", "after"),
    [
        ({"email": "a@example.com"}, Action.USER_CHANGED, {"email": "ada@example.com"}, {"email": "a@example.com"}),
        ({"username": "adele"}, Action.USER_CHANGED, {"username": "ada"}, {"username": "adele"}),
        ({"is_active": None}, Action.USER_DEACTIVATED, {"is_active": True}, {"is_active": False}),
        ({"is_superuser": "on"}, Action.ROLES_CHANGED, {"is_superuser": False}, {"is_superuser": True}),
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
    assert events() == []


def test_whoever_is_not_staff_becomes_so_when_saved(boss, ada):
    User.objects.filter(pk=ada.pk).update(is_staff=False)
    assert "This user can't sign in" in text_of(boss.get(f"{USERS}{ada.pk}/change/"))
    boss.post(f"{USERS}{ada.pk}/change/", fields(ada))
    (event,) = events()
    assert (event.action, event.before["is_staff"], event.after["is_staff"]) == (Action.ROLES_CHANGED, False, True)


@pytest.mark.parametrize("path", [f"{USERS}add/", f"{USERS}{{}}/change/"])
@pytest.mark.parametrize("given", [{"reason": " "}, {"reason": "bell\x07"}, {"ticket": "two\nlines"}])
def test_without_a_reason_that_can_be_kept_nothing_is_changed(boss, ada, path, given):
    form = fields(ada, username="eve", password1=PASSWORD, password2=PASSWORD, is_superuser="on")
    answer = boss.post(path.format(ada.pk), form | given)
    assert list(answer.context["form"].errors) == [*given]
    assert events() == []
    assert {*User.objects.values_list("username", flat=True)} == {"None-person", "ada"}


def test_a_taken_name_is_refused_next_to_its_field(boss, ada):
    page = boss.post(f"{USERS}{ada.pk}/change/", fields(ada, username="None-person"))
    assert "already exists" in page.text
    assert "<h1>ada</h1>" in page.text


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


# What is shown --------------------------------------------------------------------------------------------------------


def test_the_list_shows_role_second_factor_and_last_sign_in(boss, ada, settings):
    settings.SECOND_FACTOR = False
    Phone.objects.create(user=ada, seed=totp.new_seed(), last_step=0)
    User.objects.filter(pk=ada.pk).update(last_login=timezone.now(), first_name="Ada", last_name="L")
    User.objects.create_user("eve", is_active=False)
    User.objects.create_user("bob")
    said = text_of(boss.get(USERS))
    assert "ada Ada L ada@example.com Support Active Set up" in said
    assert "eve – None Inactive None Never" in said
    assert "bob – None Not staff None Never" in said
    assert "None-person – Superuser Active" in said


def names(page) -> list[str]:
    return [user.username for user, _ in page.context["rows"]]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", ["None-person", "ada", "eve"]),
        ("q=AD", ["ada"]),
        ("q=example.com", ["ada"]),
        ("q=love", ["eve"]),
        ("role=Support", ["ada"]),
        ("role=Security", []),
        ("role=superuser", ["None-person"]),
        ("role=none", ["eve"]),
        ("state=active", ["None-person", "ada"]),
        ("state=inactive", ["eve"]),
        ("state=inactive&role=Support", []),
        ("role=nothing", []),
    ],
)
def test_a_filter_shows_what_it_says(boss, ada, query, found):
    User.objects.create_user("eve", is_active=False, last_name="Lovelace")
    page = boss.get(f"{USERS}?{query}")
    assert names(page) == found
    assert ("No matching users." in page.text) is (not found and query != "role=nothing")
    assert ("Clear" in page.text) is bool(query)


def test_a_parameter_that_is_not_a_filter_is_left_out_with_a_message(boss):
    answer = boss.get(f"{USERS}?q=a&password__startswith=argon")
    assert answer["Location"] == f"{USERS}?q=a"
    assert LEFT_OUT in boss.get(answer["Location"]).text


def test_every_user_has_a_page_of_the_list(boss, ada, monkeypatch):
    monkeypatch.setattr(users, "PER_PAGE", 1)
    assert (names(boss.get(USERS)), names(boss.get(f"{USERS}?page=2"))) == (["None-person"], ["ada"])


def test_the_page_of_a_user_shows_how_they_sign_in(boss, ada):
    path = f"{USERS}{ada.pk}/change/"
    assert "Last sign-inNever Second factor None" in text_of(boss.get(path))
    Phone.objects.create(user=ada, seed=totp.new_seed(), last_step=0)
    RecoveryCode.replace(ada)
    page = boss.get(path)
    assert "Second factor Set up" in text_of(page)
    assert "Recovery codes10 left" in text_of(page)
    for address in (f"/signin/reset/{ada.pk}/", "/admin/partners/changeevent/?person=ada"):
        assert f'href="{address}"' in page.text
    assert "Sees organizations, keys, requests" in page.text


@pytest.mark.parametrize("text", ["0", "9" * 19, "abc"])
def test_no_user_is_found_by_another_id(boss, text):
    assert boss.get(f"{USERS}{text}/change/").status_code == 404


def test_the_history_of_a_user_is_their_page(boss, ada):
    assert boss.get(f"{USERS}{ada.pk}/history/").url == f"{USERS}{ada.pk}/change/"


def test_the_statements_of_the_list_do_not_grow_with_it(boss, ada):
    few = statements(boss, USERS)
    for number in range(10):
        User.objects.create_user(f"user{number}").groups.set(Group.objects.all())
    assert statements(boss, USERS) == few <= 12
