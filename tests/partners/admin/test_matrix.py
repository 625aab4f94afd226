"""Every URL of the staff's pages × every role × GET and POST: each cell is asserted, and none is unlisted.

A cell names the least role that may. Allowed means: answered, and not by an error or by being sent to the first page or
to the sign-in. Who adds a URL adds its row; a new word in `<…>` of a URL is filled in by `filled()`.
"""

import re
from collections.abc import Iterator

import pytest
from django.apps import apps
from django.contrib import admin
from django.contrib.auth.models import Group, User
from django.test import Client, RequestFactory
from django.urls import URLPattern, URLResolver, get_resolver, resolve, reverse

from partners.models import AccessReview
from partners.signin.guards.freshness import WITHOUT_PROOF
from tests.encounters.support.restricted import restrict
from tests.factories import CHANGE, DocumentFactory, RequestRecordFactory
from tests.partners.support.approving import key_asked_for
from tests.partners.support.asking import asked
from tests.partners.support.handing_over import prepared
from tests.partners.support.sealed import verified
from tests.partners.support.staff import make_stale
from tests.partners.support.webhooks import added, delivery_to

GROUPS = {"support": "Support", "onboarding": "Partner onboarding", "security": "Security"}
NOBODY = {"people": [], "organizations": []}
ROLES = ("anonymous", "staff", *GROUPS, "superuser")
WORDS = {"app_label": "partners", "content_type_id": 1, "url": "no-such-page", "code": "missing_bearer"}
PAGES = """
URL                                                  GET         POST

admin/                                               staff       staff
admin/<app_label>/                                   support     support
admin/<url>                                          nobody      nobody
admin/access-requests/                               onboarding  nobody
admin/access-requests/<asked>/                       onboarding  nobody
admin/access-requests/<asked>/decline/               onboarding  onboarding
admin/access-reviews/                                security    security
admin/access-reviews/<review>/                       security    nobody
admin/access-reviews/<review>/file/                  security    nobody
admin/approvals/                                     support     nobody
admin/approvals/<approval>/                          support     onboarding
admin/approvals/<approval>/issue/                    nobody      nobody
admin/autocomplete/                                  nobody      nobody
admin/diagnosis/                                     support     support
admin/disclosures/                                   security    security
admin/jsi18n/                                        staff       nobody
admin/leaks/                                         support     support
admin/leaks/report/                                  nobody      onboarding
admin/login/                                         anonymous   anonymous
admin/logout/                                        nobody      anonymous
admin/password_change/                               staff       staff
admin/password_change/done/                          staff       nobody
admin/r/<content_type_id>/<object_id>/               nobody      nobody
admin/reasons/                                       support     support
admin/reasons/<code>/                                support     support
admin/record-integrity/                              security    nobody
admin/record-integrity/checkpoint/                   nobody      security
admin/record-integrity/explain/<verification>/       security    security
admin/search/                                        support     support
admin/staff-activity/                                security    security
admin/switch/                                        support     support
admin/switch/turn/                                   security    security

admin/webhooks/<endpoint>/                           support     nobody
admin/webhooks/<endpoint>/off/                       onboarding  onboarding
admin/webhooks/<endpoint>/on/                        onboarding  onboarding
admin/webhooks/<endpoint>/replay/                    onboarding  onboarding
admin/webhooks/<endpoint>/secret/                    onboarding  onboarding
admin/webhooks/<endpoint>/secret/finish/             onboarding  onboarding
admin/webhooks/<endpoint>/secret/hand-over/          onboarding  onboarding
admin/webhooks/<endpoint>/test/                      nobody      onboarding
admin/webhooks/deliveries/<delivery>/                support     nobody
admin/webhooks/deliveries/<delivery>/replay/         onboarding  onboarding

signin/code/                                         staff       staff
signin/enrol/                                        staff       staff
signin/enrol/qr.svg                                  nobody      nobody
signin/password/                                     staff       staff
signin/recovery/                                     staff       staff
signin/reset/<user_id>/                              superuser   superuser
signin/second-factor/                                staff       staff
signin/second-factor/codes/                          nobody      staff
signin/sessions/                                     staff       nobody
signin/sessions/end/                                 nobody      staff

admin/partners/organization/                         support     support
admin/partners/organization/<object_id>/             staff       staff
admin/partners/organization/<object_id>/change/      support     support
admin/partners/organization/<object_id>/delete/      nobody      nobody
admin/partners/organization/<object_id>/history/     staff       staff
admin/partners/organization/<pk>/access/             support     onboarding
admin/partners/organization/<pk>/calls/              support     nobody
admin/partners/organization/<pk>/changes/            support     nobody
admin/partners/organization/<pk>/comment/            support     support
admin/partners/organization/<pk>/contact/            onboarding  onboarding
admin/partners/organization/<pk>/describe/           onboarding  onboarding
admin/partners/organization/<pk>/keys/               support     nobody
admin/partners/organization/<pk>/limit/              onboarding  onboarding
admin/partners/organization/<pk>/names/              onboarding  onboarding
admin/partners/organization/<pk>/purpose/            onboarding  onboarding
admin/partners/organization/<pk>/webhooks/           support     nobody
admin/partners/organization/<pk>/webhooks/add/       onboarding  onboarding
admin/partners/organization/add/                     onboarding  onboarding
admin/partners/organization/export/                  nobody      support

admin/partners/apikey/                               support     support
admin/partners/apikey/<object_id>/                   staff       staff
admin/partners/apikey/<object_id>/change/            support     nobody
admin/partners/apikey/<object_id>/delete/            nobody      nobody
admin/partners/apikey/<object_id>/history/           support     support
admin/partners/apikey/<pk>/comment/                  support     support
admin/partners/apikey/<pk>/describe/                 onboarding  onboarding
admin/partners/apikey/<pk>/disable/                  onboarding  onboarding
admin/partners/apikey/<pk>/enable/                   security    security
admin/partners/apikey/<pk>/expire/                   security    security
admin/partners/apikey/<pk>/finish/                   onboarding  onboarding
admin/partners/apikey/<pk>/limit/                    onboarding  onboarding
admin/partners/apikey/<pk>/networks/                 onboarding  onboarding
admin/partners/apikey/<pk>/reads/                    security    security
admin/partners/apikey/<pk>/revoke/                   security    security
admin/partners/apikey/<pk>/rotate/                   onboarding  onboarding
admin/partners/apikey/<pk>/scopes/                   onboarding  onboarding
admin/partners/apikey/add/                           onboarding  onboarding
admin/partners/apikey/bulk/                          security    security
admin/partners/apikey/export/                        nobody      support
admin/partners/apikey/find/                          nobody      support
admin/partners/apikey/issue/                         onboarding  onboarding
admin/partners/apikey/links/                         support     nobody
admin/partners/apikey/links/send/                    nobody      security
admin/partners/apikey/links/<link>/                  support     nobody
admin/partners/apikey/links/<link>/resend/           onboarding  onboarding
admin/partners/apikey/links/<link>/withdraw/         onboarding  onboarding

admin/partners/requestrecord/                        support     support
admin/partners/requestrecord/<object_id>/            support     nobody
admin/partners/requestrecord/export/                 nobody      support
admin/partners/requestrecord/find/                   nobody      support

admin/partners/changeevent/                          security    security
admin/partners/changeevent/<object_id>/              staff       staff
admin/partners/changeevent/<object_id>/change/       security    nobody
admin/partners/changeevent/<object_id>/delete/       nobody      nobody
admin/partners/changeevent/<object_id>/history/      staff       staff
admin/partners/changeevent/add/                      nobody      nobody
admin/partners/changeevent/export/                   nobody      security

admin/encounters/encounter/                          security    security
admin/encounters/encounter/<object_id>/              staff       staff
admin/encounters/encounter/<object_id>/change/       security    nobody
admin/encounters/encounter/<object_id>/delete/       nobody      nobody
admin/encounters/encounter/<object_id>/history/      staff       staff
admin/encounters/encounter/<pk>/restrict/            security    security
admin/encounters/encounter/add/                      nobody      nobody

admin/encounters/restriction/                        security    security
admin/encounters/restriction/<object_id>/            staff       staff
admin/encounters/restriction/<object_id>/change/     security    security
admin/encounters/restriction/<object_id>/delete/     nobody      nobody
admin/encounters/restriction/<object_id>/history/    staff       staff
admin/encounters/restriction/add/                    nobody      nobody

admin/auth/user/                                     superuser   superuser
admin/auth/user/<object_id>/                         staff       staff
admin/auth/user/<object_id>/change/                  superuser   superuser
admin/auth/user/<object_id>/delete/                  nobody      nobody
admin/auth/user/<object_id>/history/                 staff       staff
admin/auth/user/add/                                 superuser   superuser

admin/auth/group/                                    superuser   nobody
admin/auth/group/<object_id>/                        staff       staff
admin/auth/group/<object_id>/change/                 superuser   nobody
admin/auth/group/<object_id>/delete/                 nobody      nobody
admin/auth/group/<object_id>/history/                staff       staff
admin/auth/group/add/                                nobody      nobody
"""


def table(text: str) -> list[list[str]]:
    """Return the rows of a table under its headings."""
    return [line.split() for line in text.strip().splitlines()[1:] if line]


PAGE_CELLS = [
    (url, verb, least) for url, *cells in table(PAGES) for verb, least in zip(("get", "post"), cells, strict=True)
]


def test_every_url_is_listed_once():
    listed = [url for url, *_ in table(PAGES)]
    assert sorted(listed) == sorted(set(urls(get_resolver().url_patterns)))


@pytest.mark.parametrize(("url", "verb", "least"), PAGE_CELLS)
def test_a_page_opens_for_its_roles_and_no_other(people, rows, url, verb, least):
    path = f"/{filled(url, rows)}"
    assert {role: allowed(people[role], verb, path) for role in ROLES} == expected(least)


def test_no_list_offers_an_action_on_rows(people):
    assert {role: [*actions(people[role].user)] for role in ROLES[1:]} == {role: [] for role in ROLES[1:]}


def test_every_form_takes_a_fresh_password_but_for_the_few_listed(people, rows):
    silent = set()
    for path in {f"/{filled(url, rows)}" for url in urls(get_resolver().url_patterns)}:
        people["superuser"].force_login(people["superuser"].user)
        make_stale(people["superuser"])
        if "carried" not in (people["superuser"].post(path).context or ()):  # the form, with the password asked for
            silent.add(resolve(path).view_name)
    assert silent == set(WITHOUT_PROOF)


@pytest.mark.parametrize("method", ["put", "patch", "delete"])
def test_other_methods_take_it_too(people, method):
    make_stale(people["superuser"])
    for path in ("/admin/", "/admin/auth/user/add/", "/signin/second-factor/codes/"):
        assert "Confirm your password" in getattr(people["superuser"], method)(path).text


def expected(least: str) -> dict[str, bool]:
    return {role: least != "nobody" and ROLES.index(role) >= ROLES.index(least) for role in ROLES}


def allowed(client: Client, verb: str, path: str) -> bool:
    """Tell whether the answer is the page's own."""
    response = getattr(client, verb)(path)
    first, sign_in = reverse("admin:index"), reverse("admin:login")
    away = {sign_in} if path == sign_in else {sign_in, first}
    return response.status_code < 400 and response.headers.get("Location", "").partition("?")[0] not in away


def urls(patterns: list[URLPattern | URLResolver], start: str = "") -> Iterator[str]:
    """Yield the URLs under `admin/` and `signin/`, without the converters."""
    for each in patterns:
        url = start + re.sub(r"\(\?P<(\w+)>[^)]*\)|<\w+:(\w+)>", r"<\1\2>", str(each.pattern)).strip("^$")
        if isinstance(each, URLResolver):
            yield from urls(each.url_patterns, url)
        elif url.startswith(("admin/", "signin/")):
            yield url


def filled(url: str, rows: dict[str, object]) -> str:
    """Return the URL with ids of rows that exist; what `<object_id>` is tells the table before it."""
    model = "/".join(url.split("/")[1:3])
    key = rows[model].pk if model in rows else 1
    words = WORDS | {"object_id": key, "pk": key, "id": key, "user_id": rows["auth/user"].pk}
    named = {"link": "keyhandover", "asked": "onboardingrequest", "approval": "approval", "review": "accessreview"}
    named |= {"endpoint": "webhookendpoint", "delivery": "webhookdelivery", "verification": "verification"}
    words |= {word: rows[f"partners/{model}"].pk for word, model in named.items()}
    return re.sub(r"<(\w+)>", lambda match: str(words[match[1]]), url)


def actions(user: User) -> Iterator[tuple[str, str]]:
    """Yield each list's actions for this person: Django runs no other, whatever is posted."""
    request = RequestFactory().get("/admin/")
    request.user = user
    for model, model_admin in admin.site._registry.items():
        label = f"{model._meta.app_label}/{model._meta.model_name}"
        yield from ((label, name) for name in model_admin.get_actions(request))


@pytest.fixture
def people(db) -> dict[str, Client]:
    """A client for each role, signed in by no more than a password."""
    clients = {"anonymous": Client()}
    for role in ROLES[1:]:
        user = User.objects.create_user(role, is_staff=True, is_superuser=role == "superuser")
        user.groups.set(Group.objects.filter(name=GROUPS.get(role)))
        clients[role] = Client()
        clients[role].user = user
        clients[role].force_login(user)
    return clients


@pytest.fixture
def rows(people) -> dict[str, object]:
    """One row of every table, by `app/model`."""
    restrict(DocumentFactory())
    asked()
    organization = RequestRecordFactory().organization
    prepared(organization)
    key_asked_for(None, organization)
    delivery_to(added(organization))
    User.objects.create_user("somebody")
    AccessReview.sign(CHANGE, NOBODY)
    verified()
    models = (model._default_manager for model in apps.get_models() if model._default_manager.exists())
    return {
        f"{each.model._meta.app_label}/{each.model._meta.model_name}": each.order_by("pk").last() for each in models
    }
