"""Every link of the developer pages leads to a page and an anchor on this site."""

from html.parser import HTMLParser
from urllib.parse import urljoin, urlsplit

import pytest

from chartero.docs.pages import Page

PATHS = [*(page.url for page in Page), *(f"/docs/search/?q={text}" for text in ("", "limit", "key", "error", "nil"))]


class Links(HTMLParser):
    """What a page links and loads, and the anchors that it has."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.targets: set[str] = set()
        self.anchors: set[str] = {""}
        self.feed(html)

    def handle_starttag(self, tag, attributes):
        names = dict(attributes)
        self.targets |= {names[name] for name in ("href", "src", "action") if name in names}
        self.anchors |= {names["id"]} if "id" in names else set()
        if "data-copy" in names:
            self.targets |= {f"#{names['data-copy']}", f"#{names['data-copy']}-copied"}
        if tag == "label":
            self.targets.add(f"#{names['for']}")


@pytest.fixture(scope="module")
def site():
    """Every page with its links, by path."""
    from django.test import Client

    client = Client()
    return {path: Links(client.get(path).text) for path in PATHS}


@pytest.mark.parametrize("path", PATHS)
def test_every_link_works(client, site, path):
    for target in site[path].targets:
        parts = urlsplit(urljoin(path, target))
        assert not parts.netloc, f"{target} leaves the site"
        page = parts._replace(fragment="").geturl()
        if page in site:
            assert parts.fragment in site[page].anchors, target
        else:
            answer = client.get(parts.path)
            assert (answer.status_code, parts.fragment) == (200, ""), target
            answer.getvalue()  # read to its end, a file is closed


def test_the_pages_link_the_document_the_program_and_every_reason_code(site):
    targets = {target for links in site.values() for target in links.targets}
    assert {"/docs/sync.py", "/docs/search/", "/openapi/v1/openapi.json", "/docs/errors/#missing_scope"} <= targets


def test_a_dead_link_would_be_found():
    links = Links('<a href="/docs/#nowhere">x</a><h2 id="here">y</h2>')
    assert (links.targets, links.anchors) == ({"/docs/#nowhere"}, {"", "here"})
