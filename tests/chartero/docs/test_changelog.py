"""The changelog for partners: the inventory of version 1.0, all of it still there, and what came after it."""

from copy import deepcopy

import pytest

from chartero import openapi
from chartero.docs import changelog
from chartero.docs.pages import Page
from partners.catalogue.reasons import Reason
from partners.catalogue.routes import Route


@pytest.fixture
def uncached():
    changelog.additions.cache_clear()
    yield
    changelog.additions.cache_clear()


def test_nothing_of_version_1_0_is_missing():
    first, now = changelog.first(), changelog.inventory(openapi.document())
    assert len(first["codes"]) == 30
    assert set(first["codes"]) <= set(now["codes"])
    for path, names in first["routes"].items():
        for kind in ("parameters", "keys"):
            assert set(names[kind]) <= set(now["routes"][path][kind])


def test_version_1_0_had_the_five_routes():
    assert [each.route for each in changelog.routes_of_first()] == [
        Route.ENCOUNTERS_LIST,
        Route.ENCOUNTERS_DETAIL,
        Route.DOCUMENTS_DETAIL,
        Route.DOCUMENTS_TRANSCRIPT,
        Route.DOCUMENTS_AUDIO,
    ]


def test_what_was_added_since_is_told():
    found = changelog.additions()
    assert Reason.HTTPS_REQUIRED in found.reasons
    assert {each.route for each in found.routes} == set(Route) - {each.route for each in changelog.routes_of_first()}


def test_an_inventory_has_the_keys_of_objects_within_objects():
    keys = changelog.inventory(openapi.document())["routes"]["/external/v1/encounters"]["keys"]
    assert {"total", "items", "items[].patient.first_name", "items[].documents[].title"} <= set(keys)


def test_the_page_lists_routes_parameters_keys_and_codes_that_are_new(client, monkeypatch, uncached):
    older = deepcopy(changelog.first())
    path = "/external/v1/encounters"
    del older["routes"][f"{path}/{{encounter_id}}"]
    older["codes"].remove("invalid_sort")
    older["routes"][path]["parameters"].remove("sort_order")
    older["routes"][path]["keys"].remove("total")
    monkeypatch.setattr(changelog, "first", lambda: older)
    added = client.get(Page.CHANGELOG.url).text.partition('id="added"')[2].partition('id="changed"')[0]
    text = " ".join(added.split())
    link = '<a class="code" href="/docs/reference/#encounters_list"><code>encounters.list</code></a>'
    assert f"The parameter <code>sort_order</code> of {link}." in text
    assert f"The key <code>total</code> in the response of {link}." in text
    assert '#encounters_detail"><code>encounters.detail</code></a>. Return one encounter.' in text
    assert "<code>invalid_sort</code></a>, with status 422: the call is refused because" in text
    assert text.count("<li>") == 4 + len(changelog.additions().reasons) - 1 + len(set(Route)) - 5


def test_the_page_invents_no_date(client):
    text = client.get(Page.CHANGELOG.url).text.partition('class="docs-body"')[2].partition("docs-next")[0]
    assert "202" not in text
    assert openapi.document()["info"]["version"] == "1.0.0"
