"""The developer pages: the same for everyone, exact, and made from the catalogues. They use no database."""

from html.parser import HTMLParser

import pytest
from django.utils.html import escape
from rest_framework import serializers

from chartero.docs import catalogues, examples, fields
from chartero.docs.pages import Page
from chartero.web.content_policy import CONTENT_POLICY
from encounters.api import serializers as served
from encounters.api.filters import EncounterFilter
from partners.api.filters import Parameter
from partners.api.own_key import KeySerializer
from partners.catalogue.reasons import Reason
from partners.catalogue.remedies import REMEDIES
from partners.catalogue.routes import Route, Scope
from partners.formats.grammar import integer
from partners.keys import tokens
from tests.browser.markup import forbidden
from tests.server.deployment import ROOT

EVERY_PAGE = pytest.mark.parametrize("page", Page, ids=lambda page: page.name.lower())


class Outline(HTMLParser):
    """The ids, the headings and the marked link of a page."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.ids: list[str] = []
        self.levels: list[int] = []
        self.current: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag, attributes):
        names = dict(attributes)
        self.ids += [names["id"]] if "id" in names else []
        self.levels += [int(tag[1])] if tag in ("h1", "h2", "h3", "h4") else []
        self.current += [names["href"]] if "aria-current" in names else []


@EVERY_PAGE
def test_a_page_needs_no_key_no_sign_in_and_no_database(client, page):
    answer = client.get(page.url)
    assert (answer.status_code, answer["Content-Type"]) == (200, "text/html; charset=utf-8")
    assert f"<h1>{page.title}</h1>" in answer.text


@EVERY_PAGE
def test_a_page_marks_its_place_and_names_its_neighbours(client, page):
    html = client.get(page.url).text
    before, after = page.neighbours
    assert Outline(html).current == [page.url]
    assert [f'href="{each.url}"' in html for each in Page] == [True] * len(Page)
    assert (f'href="{before.url}" rel="prev"' in html) if before else ('rel="prev"' not in html)
    assert (f'href="{after.url}" rel="next"' in html) if after else ('rel="next"' not in html)


@EVERY_PAGE
def test_the_headings_of_a_page_are_in_order_and_its_ids_its_own(client, page):
    outline = Outline(client.get(page.url).text)
    assert outline.levels[0] == 1
    assert all(after - before <= 1 for before, after in zip(outline.levels, outline.levels[1:], strict=False))
    assert len(outline.ids) == len(set(outline.ids))


@EVERY_PAGE
def test_pages_use_no_session_and_set_no_cookie(admin_client, page):
    stranger = admin_client.get(page.url, headers={"Cookie": "sessionid=junk; messages=junk; csrftoken=junk"})
    for answer in (admin_client.get(page.url), stranger):
        assert not answer.cookies
        assert "Cookie" not in answer.get("Vary", "")
        assert "admin" not in answer.text.replace("/static/admin/", "")


@EVERY_PAGE
def test_a_page_keeps_the_policy(client, page):
    answer = client.get(page.url)
    assert answer["Content-Security-Policy"] == CONTENT_POLICY
    assert answer["X-Frame-Options"] == "DENY"
    assert forbidden(answer.text) == []


def test_an_unknown_page_is_404_and_lists_all_pages(client):
    answer = client.get("/docs/nothing/")
    assert answer.status_code == 404
    assert all(f'href="{page.url}"' in answer.text for page in Page)
    assert client.get("/docs/errors").url == "/docs/errors/"


@pytest.mark.parametrize("path", ["/docs/", "/docs/errors/", "/docs/sync.py"])
def test_pages_are_only_read(client, path):
    assert client.post(path).status_code == 405
    assert client.head(path).status_code == 200


@pytest.mark.parametrize("name", ["sync.py", "receive.py"])
def test_a_program_is_served_unchanged(client, name):
    answer = client.get(f"/docs/{name}")
    assert answer.content == (ROOT / "examples" / name).read_bytes()
    assert answer["Content-Type"] == "text/x-python; charset=utf-8"


@pytest.mark.parametrize("reason", Reason, ids=lambda reason: reason.code)
def test_every_reason_code_is_explained_under_its_own_anchor(client, reason):
    html = client.get(Page.ERRORS.url).text
    told = html.partition(f'<h3 id="{reason.code}">')[2].partition("</section>")[0]
    remedy = REMEDIES[reason]
    for words in (str(reason.status), remedy.because, remedy.retry.value, remedy.advice.cause, remedy.advice.to_do):
        assert escape(words) in told


@pytest.mark.parametrize(
    "word", ["CHARTERO_DIGEST_KEYS", "CHARTERO_ALLOWED_HOSTS", "/admin/", "digest key", "allow list"]
)
def test_advice_for_partners_names_nothing_of_ours(word):
    advice = [remedy.advice for remedy in REMEDIES.values()]
    assert not [each for each in advice if word in each.cause + each.to_do]


def test_every_route_and_every_scope_is_listed(client):
    html = client.get(Page.SCOPES.url).text
    for route in Route:
        path = "/external/v1/" + route.path.replace("<str:", "{").replace(">", "}")
        row = html.partition(f"<code>{route.route_name}</code></th>")[2].partition("</tr>")[0]
        assert f"<code>{path}</code>" in row
        assert [scope for scope in Scope if f"<code>{scope}</code>" in row] == [
            scope for scope in Scope if scope in route.scopes
        ]


def test_limits_and_defaults_are_those_of_the_filters(client, monkeypatch):
    assert "10,100" in client.get(Page.PAGINATION.url).text
    smaller = Parameter(integer(0, 4321), Reason.INVALID_OFFSET, "Of `another` kind.", default=7)
    monkeypatch.setitem(EncounterFilter.base_filters, "offset", smaller)
    html = client.get(Page.PAGINATION.url).text
    assert "10,100" not in html
    for words in ("4,321", "4,421", "Of <code>another</code> kind.", "0 to 4321", "<code>7</code>"):
        assert words in html


@pytest.mark.parametrize(
    ("setting", "value", "slug", "words"),
    [
        ("BASE_URL", "https://api.example.com/", "", "export CHARTERO_URL=&#x27;https://api.example.com&#x27;"),
        ("BASE_URL", "", "environments", "http://testserver"),
        ("ACCEPT_TEST_KEYS", True, "environments", "all data here is synthetic"),
        ("ACCEPT_TEST_KEYS", False, "environments", "test_prefix_not_allowed"),
        ("ENVIRONMENT", "sandbox", "environments", "<dd>sandbox</dd>"),
        ("CONTACT_EMAIL", "api@example.com", "help", 'href="mailto:api@example.com"'),
        ("CONTACT_EMAIL", "api@example.com", "help", 'href="/.well-known/security.txt"'),
        ("CONTACT_EMAIL", "", "help", "Ask the person who gave you your key."),
        ("AUDIO_URL_SECONDS", 60, "transcripts", "works for 1 minute."),
        ("AUDIO_URL_SECONDS", 600, "transcripts", "works for 10 minutes."),
        ("AUDIO_URL_SECONDS", 90, "transcripts", "works for 90 seconds."),
    ],
)
def test_the_pages_describe_this_deployment(client, settings, setting, value, slug, words):
    setattr(settings, setting, value)
    assert words in " ".join(client.get(Page.at(slug).url).text.split())


@EVERY_PAGE
def test_every_page_says_whom_to_ask(client, settings, page):
    foot = client.get(page.url).text.partition("<footer")[2]
    assert "Ask the person who gave you your key." in foot
    assert 'href="/docs/help/#what-to-include"' in foot
    settings.CONTACT_EMAIL = "api@example.com"
    assert 'href="mailto:api@example.com"' in client.get(page.url).text.partition("<footer")[2]


def test_the_part_of_a_key_that_can_be_shared_is_the_prefix_and_the_public_part(client):
    shared = tokens.mint(is_test=False).public_part
    assert (
        f"the first\n    {len(tokens.LIVE_PREFIX + shared)} characters of a live key" in client.get(Page.HELP.url).text
    )


def shapes(shape, found=None):
    """Return a serializer and all that are in it."""
    found = {shape} if found is None else found | {shape}
    for field in shape().fields.values():
        child = getattr(field, "child", field)
        if isinstance(child, serializers.Serializer):
            found |= shapes(type(child), found)
    return found


ANSWERS = (
    served.EncounterPageSerializer,
    served.NoteSerializer,
    served.AmbientTranscriptSerializer,
    served.DocumentTranscriptSerializer,
    served.DocumentAudioSerializer,
    KeySerializer,
)


@pytest.mark.parametrize("shape", sorted({each for answer in ANSWERS for each in shapes(answer)}, key=str))
def test_every_field_that_is_served_has_a_meaning(shape):
    told = {name for kind in shape.__mro__ for name in fields.MEANINGS.get(kind, {})}
    assert told == set(shape().fields)


def test_a_field_has_its_values_and_says_if_it_may_be_null():
    told = {each.name: each for each in fields.of("EncounterSerializer")}
    assert told["encounter_type"].values == ("ambient", "clinical_documentation")
    assert [each.name for each in told.values() if each.nullable] == ["date_of_service", "patient"]
    assert (told["patient"].type, told["documents"].type, told["created_at"].type) == (
        "object",
        "list of objects",
        "date-time",
    )


def test_a_key_of_the_document_has_the_meaning_of_its_field():
    assert fields.meaning("Note", "content") == "The text of the note. Only in documents of schema_type document."
    assert fields.meaning("Note", "document_id") == fields.meaning("DocumentSummary", "document_id")
    assert fields.meaning("EncounterAnswer", "encounter") == fields.meaning("Nothing", "nothing") == ""


def test_the_codes_of_a_route_are_those_of_its_rules():
    codes = [reason.code for reason in catalogues.of_resource(Route.DOCUMENTS_AUDIO)]
    assert codes == [
        "encounter_not_found",
        "cross_organization_denied",
        "demo_training_denied",
        "document_not_found",
        "unsupported_document_type",
        "audio_not_found",
    ]
    assert [reason.code for reason in catalogues.of_resource(Route.ENCOUNTERS_DETAIL)] == codes[:3]


def test_every_example_is_shown_on_a_page(client):
    pages = [client.get(page.url).text for page in Page]
    names = {file.stem for file in examples.folder().glob("*.sh")}
    assert {"first_call", "refusal"} <= names
    for name in names:
        assert sum(all(escape(each.text) in html for each in examples.named(name)) for html in pages) == 1


def test_the_page_says_that_changes_are_not_brought_back(client):
    assert "does not bring changed encounters back" in client.get(Page.PAGINATION.url).text


@pytest.mark.parametrize(
    ("slug", "words"),
    [
        ("encounters", "<strong>earlier than</strong> <code>created_at</code>"),
        ("encounters", "Ask us which applies to your organization."),
        ("environments", "at most four at once"),
        ("environments", "Handle it like"),
        ("environments", "Its text is at most 1 MiB."),
        ("environments", "<code>Accept-Encoding: gzip</code>"),
        ("environments", "treat an unknown code by its status"),
        ("transcripts", "<code>audio/wav</code>"),
        ("transcripts", "nothing is converted"),
    ],
)
def test_what_an_engineer_asks_is_answered(client, slug, words):
    assert words in " ".join(client.get(Page.at(slug).url).text.split())


def test_staff_find_the_pages_in_the_menu_of_every_page(admin_client):
    assert '<a href="/docs/">Developer pages</a>' in admin_client.get("/admin/").text


def test_the_codes_of_access_are_on_the_page_scopes_whatever_the_menu_has(client, settings):
    settings.ACCESS_REQUESTS = True
    html = client.get(Page.SCOPES.url).text
    assert 'href="/docs/errors/#source_not_allowed"' in html
    assert 'href="/docs/errors/#"' not in html
