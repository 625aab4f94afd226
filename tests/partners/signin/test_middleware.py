"""The gate: with a password alone no page opens, whichever it is."""

import pytest
from django.urls import URLPattern, URLResolver, get_resolver

from partners.signin.middleware import BEFORE_THE_SECOND_FACTOR
from partners.signin.models import Phone

OPEN = {
    "/admin/login/",
    "/admin/logout/",
    "/signin/code/",
    "/signin/recovery/",
    "/signin/enrol/",
    "/signin/enrol/qr.svg",
}


FOR_ALL = ("external", "docs/", "openapi/", ".well-known/", "secret-scanning/", "collect/")


def every_path(resolver, prefix=""):
    """Yield a path for each URL pattern there is, numbers and names filled in."""
    for entry in resolver.url_patterns:
        route = prefix + str(entry.pattern)
        if isinstance(entry, URLResolver):
            yield from every_path(entry, route)
        elif isinstance(entry, URLPattern) and not any(part in route for part in FOR_ALL):
            yield "/" + "".join(
                "1" if "<" in part else part.split(">")[-1] for part in route.replace("<", "\0<").split("\0")
            )


PATHS = sorted(
    {path.split("(")[0].rstrip("$") for path in every_path(get_resolver())} | {"/no/such/page/", "/favicon.ico"}
)
CLOSED = [path for path in PATHS if path not in OPEN | {"/", "/signin/password/"}]


def test_there_are_pages_to_close():
    assert len(CLOSED) > 20
    assert len(BEFORE_THE_SECOND_FACTOR) == len(OPEN) + 1


@pytest.mark.parametrize("method", ["get", "post", "put", "delete", "head", "options"])
def test_with_only_a_password_every_page_leads_to_the_code(halfway, method):
    for path in CLOSED:
        answer = getattr(halfway.client, method)(path)
        assert (answer.status_code, answer.url.partition("?")[0]) == (302, "/signin/code/"), path


def test_it_leads_back_to_where_one_wanted_to_be(halfway):
    answer = halfway.get("/admin/partners/apikey/?o=1")
    assert answer.url == "/signin/code/?next=%2Fadmin%2Fpartners%2Fapikey%2F%3Fo%3D1"
    assert halfway.client.post("/admin/partners/apikey/").url == "/signin/code/?next=%2Fadmin%2F"


def test_the_pages_that_lead_to_the_code_are_open(halfway):
    assert halfway.get("/signin/code/").status_code == 200
    assert halfway.get("/signin/recovery/").status_code == 200
    assert halfway.get("/signin/password/").status_code == 200
    assert halfway.post("/admin/logout/").status_code in (200, 302)


def test_they_show_no_navigation_before_the_second_factor(halfway, enrolled):
    assert "/admin/partners/" not in halfway.get("/signin/code/").text
    assert "/admin/partners/" in enrolled.get("/signin/second-factor/").text


def test_a_path_that_only_looks_like_an_open_one_is_closed(halfway):
    for path in ("/signin/code", "/signin/code/x", "/signin/CODE/", "//signin/code/", "/signin//code/"):
        assert halfway.get(path).status_code in (301, 302)
        assert not halfway.get(path).content


def test_with_the_code_they_open(halfway):
    halfway.give_code()
    assert halfway.get().status_code == 200


def test_without_a_sign_in_the_page_itself_decides(person):
    assert person.get().url == "/admin/login/?next=/admin/"
    assert person.get("/signin/code/").url == "/admin/login/?next=/signin/code/"


def test_off_means_that_a_password_is_enough(halfway, settings):
    settings.SECOND_FACTOR = False
    assert halfway.get().status_code == 200


def test_a_phone_that_was_removed_verifies_nothing(enrolled):
    Phone.of(enrolled.user).delete()
    assert enrolled.get().url.startswith("/signin/code/")


def test_another_persons_phone_verifies_nothing(enrolled, django_user_model):
    other = django_user_model.objects.create_user("another")
    Phone.objects.update(user=other)
    assert enrolled.get().url.startswith("/signin/code/")
