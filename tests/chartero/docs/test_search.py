"""The search over all pages finds words, reason codes, parameters, keys and routes, and works without a script."""

import pytest
from django.test import Client

from chartero.docs import search
from chartero.docs.pages import Page
from chartero.openapi import prose
from chartero.openapi.headers import ALWAYS
from chartero.web.content_policy import CONTENT_POLICY
from encounters.api.filters import EncounterFilter
from partners.catalogue.reasons import Reason
from partners.catalogue.routes import Route, Scope
from partners.keys import tokens
from tests.browser.markup import forbidden

URL = "/docs/search/"


def urls(text):
    return [hit.section.url for hit in search.find(text).hits]


@pytest.mark.parametrize("reason", Reason, ids=lambda reason: reason.code)
def test_a_reason_code_leads_to_its_explanation_first(reason):
    assert urls(reason.code)[0] == f"{Page.ERRORS.url}#{reason.code}"
    assert urls(f"  {reason.code.replace('_', ' ').upper()} ")[0] == f"{Page.ERRORS.url}#{reason.code}"


@pytest.mark.parametrize("route", Route, ids=lambda route: route.route_name)
def test_a_route_leads_to_the_reference_first(route):
    assert urls(route.route_name)[0] == f"{Page.REFERENCE.url}#{prose.operation_id(route)}"


@pytest.mark.parametrize("name", EncounterFilter.base_filters)
def test_a_parameter_leads_to_where_it_is_defined(name):
    first = urls(name)[:5]
    assert f"{Page.REFERENCE.url}#encounters_list" in first
    assert f"{Page.PAGINATION.url}#parameters" in first


def test_the_cursor_leads_to_the_changes_first():
    assert urls("cursor")[:2] == [f"{Page.REFERENCE.url}#changes_list", f"{Page.CHANGES.url}#pages-and-cursors"]


@pytest.mark.parametrize("name", ALWAYS)
def test_a_header_leads_to_where_it_is_defined(name):
    assert urls(name.lower())[0] == urls(name)[0] == f"{Page.REFERENCE.url}#headers-of-every-response"


@pytest.mark.parametrize("scope", Scope)
def test_a_scope_leads_to_the_scopes_first(scope):
    assert urls(scope)[0] == f"{Page.SCOPES.url}#the-scopes"


@pytest.mark.parametrize(
    ("text", "url"),
    [
        ("rotation", "/docs/authentication/#rotation"),
        ("rotat", "/docs/authentication/#rotation"),
        ("gzip", "/docs/environments/#compressed-responses"),
        ("date of birth", "/docs/encounters/#the-patient"),
        ("422", "/docs/errors/#invalid_limit"),
        ("sync.py", "/docs/pagination/#a-lossless-sync"),
        ("Retry-After", "/docs/errors/#when-to-retry"),
        ("openapi", "/docs/changelog/#changed-in-the-openapi-document"),
        ("speaker", "/docs/transcripts/#the-transcript"),
        ("patient.first_name", "/docs/encounters/#the-patient"),
    ],
)
def test_what_an_engineer_looks_for_is_found(text, url):
    assert url in urls(text)


def test_every_hit_has_every_word():
    found = search.find("key expires")
    assert found.whole
    assert found.hits
    for hit in found.hits:
        told = f"{hit.section.title} {hit.section.text}".lower()
        assert "key" in told
        assert "expire" in told


def test_a_word_is_found_at_the_beginning_of_words_only():
    assert urls("keys")
    assert urls("eys") == []


def test_a_long_question_is_cut_and_only_its_first_words_count():
    words = ["key", "expires", "rotation", "overlap", "old", "new", "setting", "refused"]
    assert len(words) == search.WORDS
    assert search.find(" ".join([*words, "xylophone"])).whole
    assert search.find("x" * 200).text == "x" * search.LONGEST


def test_sections_with_some_of_the_words_are_better_than_nothing():
    found = search.find("poll xylophone")
    assert not found.whole
    assert [hit.section.anchor for hit in found.hits] == ["waiting-for-a-transcript"]


def test_an_excerpt_shows_the_words_where_they_are():
    (hit,) = search.find("xylophone poll").hits
    assert ("poll", True) in hit.excerpt
    assert (hit.excerpt[0], hit.excerpt[-1][1]) == (("… ", False), False)
    assert 50 < len("".join(text for text, _ in hit.excerpt)) < search.SHOWN + 10


def test_an_excerpt_of_a_match_in_the_title_alone_is_the_beginning():
    hit = next(hit for hit in search.find("Get started").hits if hit.section.level == 1)
    assert hit.excerpt[0] == (hit.section.text[: len(hit.excerpt[0][0])], False)


def test_a_common_word_gives_a_list_that_ends():
    assert len(search.find("the").hits) == search.MOST < search.find("the").total


@pytest.mark.parametrize("text", ["", " ", "?!", "…", "_", "xylophone", "(", "[", "\\", "é", "a" * 29 * 40])
def test_anything_can_be_asked(client, text):
    answer = client.get(URL, {"q": text})
    assert answer.status_code == 200
    assert "docs-hits" not in answer.text
    assert "Try, for example:" in answer.text


def test_the_page_says_how_much_was_found(client):
    def told(text):
        return " ".join(client.get(URL, {"q": text}).text.partition('class="summary">')[2].partition("</p>")[0].split())

    assert told("poll") == "1 section for “poll”"
    assert told("limit") == f"{len(urls('limit'))} sections for “limit”"
    assert told("the") == f"The best 30 of {search.find('the').total} sections for “the”"
    assert "No section has all of these words: “poll xylophone”" in client.get(URL, {"q": "poll xylophone"}).text
    assert "Nothing found for “xylophone”." in client.get(URL, {"q": "xylophone"}).text
    assert "Type a word, a reason code" in client.get(URL).text


def test_the_page_marks_the_words_and_keeps_the_question(client):
    text = client.get(URL, {"q": "invalid_limit"}).text
    assert "<mark>invalid_limit</mark>" in text
    assert 'value="invalid_limit"' in text
    assert 'href="/docs/errors/#invalid_limit"' in text


def test_what_is_asked_is_escaped(client):
    text = client.get(URL, {"q": '"><script>alert(1)</script> limit'}).text
    assert "<script>alert" not in text
    assert forbidden(text) == []


def test_an_example_leads_somewhere():
    assert all(search.find(text).hits for text in search.EXAMPLES)


@pytest.mark.parametrize("cut", [None, 40])
def test_a_key_is_not_searched_for_and_not_shown_again(client, cut):
    token = tokens.mint(is_test=False).text[:cut]
    answer = client.get(URL, {"q": f"Bearer {token}"})
    assert token not in answer.text
    assert "may contain an API key" in answer.text
    assert 'href="/docs/help/"' in answer.text


def test_a_public_part_alone_is_no_secret():
    assert not search.find("ch_sk_3fK9sLm2Qx7V").secret


def test_the_search_needs_no_database_sets_no_cookie_and_is_only_read(client):
    answer = client.get(URL, {"q": "limit"}, headers={"Cookie": "sessionid=junk"})
    assert (answer.status_code, answer["Content-Type"]) == (200, "text/html; charset=utf-8")
    assert not answer.cookies
    assert answer["Content-Security-Policy"] == CONTENT_POLICY
    assert client.post(URL).status_code == 405


@pytest.mark.parametrize("path", [*(page.url for page in Page), "/", "/docs/nothing/", URL])
def test_every_page_has_the_search(path):
    text = Client().get(path).text
    assert f'role="search" action="{URL}"' in text
    assert 'type="search" name="q"' in text
