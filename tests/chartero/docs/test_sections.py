"""The index of each page, and the sections that the search reads, are those of the page as it is served."""

import re

import pytest

from chartero.docs import sections
from chartero.docs.pages import Page
from partners.catalogue.routes import Route
from tests.chartero.docs.markup import Headings, Index

EVERY_PAGE = pytest.mark.parametrize("page", Page, ids=lambda page: page.name.lower())


@EVERY_PAGE
def test_the_index_of_a_page_is_its_headings_in_order(client, page):
    html = client.get(page.url).text
    headings = [heading for heading in Headings(html).found if heading.level in (2, 3)]
    assert len(headings) > 1
    assert Index(html).entries == [(f"#{heading.anchor}", heading.text, heading.level) for heading in headings]


def test_a_page_without_an_index_has_no_place_for_one(client):
    for path in ("/", "/docs/nothing/", "/docs/search/?q=limit"):
        assert 'class="docs-index"' not in client.get(path).text


@EVERY_PAGE
def test_the_sections_of_a_page_begin_with_itself(page):
    first, *others = sections.of(page)
    assert (first.level, first.title, first.url) == (1, page.title, page.url)
    assert first.text.startswith(page.summary)
    assert [each.url for each in others] == [f"{page.url}#{each.anchor}" for each in others]
    assert all(each.text for each in others if each.level == 3)


def test_a_section_has_its_text_without_code_examples_buttons_and_heads_of_tables():
    found = {each.anchor: each for each in sections.of(Page.PAGINATION)}
    assert found["time-windows"].text.startswith("start_at is included, end_at is not: start_at ≤ created_at")
    for word in ("Copy", "curl", "JavaScript", "import json", "Default", "Previous"):
        assert not [each.title for each in found.values() if re.search(rf"\b{word}\b", each.text)]


def test_a_section_knows_what_its_rows_define():
    found = {each.anchor: each.names for each in sections.of(Page.PAGINATION)}
    assert found["parameters"] == ["limit", "offset", "sort_order", "start_at", "end_at"]
    assert found["order-and-total"] == []


@pytest.mark.parametrize("route", Route, ids=lambda route: route.route_name)
def test_every_route_is_explained_on_a_page_of_its_own_subject(route):
    explaining = sections.explaining(route)
    assert explaining.page not in (Page.REFERENCE, Page.SCOPES)
    assert explaining.anchor
    assert f"Route {route.route_name} Required scopes" in explaining.text


def test_a_route_that_no_page_explains_has_no_explanation(monkeypatch):
    monkeypatch.setattr(sections, "of", lambda page: ())
    assert sections.explaining(Route.ENCOUNTERS_LIST) is None


def test_pages_are_read_once():
    assert sections.of(Page.ERRORS) is sections.of(Page.ERRORS)
