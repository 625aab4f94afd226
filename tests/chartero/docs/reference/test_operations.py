"""The reference names every route, parameter, status, code and header of the OpenAPI document, and nothing else."""

import pytest

from chartero import openapi
from chartero.docs.pages import Page
from chartero.docs.reference import operations
from chartero.openapi.headers import ALWAYS
from partners.catalogue.reasons import Reason
from partners.catalogue.routes import Route
from tests.chartero.docs.markup import Headings, Rows

DESCRIBED = {
    each["operationId"]: (path, each) for path, item in openapi.document()["paths"].items() for each in item.values()
}
EVERY_ROUTE = pytest.mark.parametrize("route_id", DESCRIBED)


@pytest.fixture(scope="module")
def page():
    from django.test import Client

    return Client().get(Page.REFERENCE.url).text


@pytest.fixture
def section(page, route_id):
    """The part of the page about one route."""
    (_, _, rest) = page.partition(f'<h3 id="{route_id}">')
    return rest.partition("</section>")[0]


def part(section, name):
    """Return what is below one of the headings of a route."""
    return section.partition(f"<h4>{name}</h4>")[2].partition("</details>")[0]


def test_every_route_has_one_heading_and_no_other_has(page):
    sections = [
        each for each in Headings(page).found if each.level == 3 and not each.anchor.startswith(("object-", "webhook-"))
    ]
    assert [each.anchor for each in sections] == list(DESCRIBED)
    assert [each.text for each in sections] == [route.route_name for route in Route]


def test_head_is_described_once_in_words(page):
    assert page.count("<code>HEAD</code>") == 1
    assert page.count("<code>GET /external/v1/") == len(DESCRIBED)


@EVERY_ROUTE
def test_a_route_has_its_path_its_summary_and_its_scopes(section, route_id):
    path, described = DESCRIBED[route_id]
    scopes = [scope for each in described["security"] for names in each.values() for scope in names]
    assert f"<code>GET {path}</code>" in section
    assert f"<p>{described['summary']}.</p>" in section
    assert all(f"<code>{scope}</code>" in section for scope in scopes)
    assert ("None" in section.partition("Required scopes")[2].partition("</dd>")[0]) == (not scopes)


@EVERY_ROUTE
def test_a_route_has_its_parameters_and_no_other(section, route_id):
    described = DESCRIBED[route_id][1].get("parameters", [])
    rows = [row for row in Rows(part(section, "Parameters")).rows if row[0] != "Parameter"]
    told = [(each["name"], each["in"], each["description"].replace("`", "")) for each in described]
    assert [(name, place, meaning) for name, place, _, _, meaning in rows] == told
    for each, row in zip(described, rows, strict=True):
        given = each["schema"].get("default")
        assert row[3] == ("Required" if each["in"] == "path" else "None" if given is None else str(given))


@EVERY_ROUTE
def test_a_route_has_its_statuses_codes_and_headers_and_no_other(section, route_id):
    responses = {status: each for status, each in DESCRIBED[route_id][1]["responses"].items() if status != "200"}
    read = Rows(part(section, "Refusals"))
    rows = [row for row in read.rows if row[0] != "Status"]
    links = [links for row, links in zip(read.rows, read.links, strict=True) if row[0] != "Status"]
    assert [(status, codes.split()) for status, codes, _ in rows] == [
        (status, each["x-reason-codes"]) for status, each in responses.items()
    ]
    assert links == [[f"{Page.ERRORS.url}#{code}" for code in each["x-reason-codes"]] for each in responses.values()]
    assert [headers.split() for _, _, headers in rows] == [
        [name for name in each["headers"] if name not in ALWAYS] for each in responses.values()
    ]


def test_the_reference_names_every_reason_code(page):
    assert all(f'href="{Page.ERRORS.url}#{reason.code}"' in page for reason in Reason)


@EVERY_ROUTE
def test_a_route_shows_what_it_returns(section, route_id):
    (schema,) = (each["schema"] for each in DESCRIBED[route_id][1]["responses"]["200"]["content"].values())
    name = schema["$ref"].rpartition("/")[2]
    told = part(section, "Response")
    assert f'200, with <a href="#object-{name}">{name}</a>' in told
    assert "&quot;" in told


@EVERY_ROUTE
def test_a_code_in_the_text_leads_to_its_explanation(section, route_id):
    assert f'<a class="code" href="{Page.ERRORS.url}#unsupported_filter">' in section.partition("<h4>Refusals")[0] or (
        route_id == "encounters_list"
    )


def test_headers_of_every_response_are_told_once(page):
    told = page.partition('id="headers-of-every-response"')[2].partition("<h2")[0]
    assert [row[0] for row in Rows(told).rows][1:] == list(ALWAYS)


def test_the_document_can_be_downloaded(page, client):
    assert '<a class="button" href="/openapi/v1/openapi.json" download="openapi.json">' in page
    assert client.get("/openapi/v1/openapi.json").json()["paths"].keys() == openapi.document()["paths"].keys()


def test_a_route_leads_to_where_it_is_explained_and_back(page, client):
    assert '<a href="/docs/transcripts/#the-recording">' in page
    text = client.get(Page.TRANSCRIPTS.url).text
    assert 'href="/docs/reference/#documents_audio"><code>documents.audio</code></a>' in text


def test_the_page_is_made_of_structures_that_are_built_once():
    assert operations.groups() is operations.groups()


def test_the_page_needs_no_script_of_others_and_no_file_of_others(page):
    assert "swagger" not in page.lower()
    assert page.count("<script") == 2
