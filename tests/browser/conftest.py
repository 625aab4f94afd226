"""One browser and one site for all tests of the pages, which run when all others are done."""

from pathlib import Path

import pytest

from tests.browser import chromium, markup
from tests.browser.site import new_site
from tests.browser.staff import Staff, listed

HERE = Path(__file__).parent
FIRST, LAST = ("test_axe.py", "test_lengths.py"), "test_no_secret_of_the_suite_was_kept"


@pytest.hookimpl(wrapper=True)
def pytest_collection_modifyitems(items):
    """Mark these tests, and put them behind all others, whose queries Playwright's event loop would refuse.

    The looks at every page come first, with the demonstration's data alone, and the sweep last.
    """
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.browser)
    yield
    items.sort(key=lambda item: (HERE in item.path.parents, item.originalname == LAST, item.path.name not in FIRST))


@pytest.fixture(scope="session")
def browser():
    if lacking := chromium.missing():
        pytest.skip(lacking)
    with chromium.launched() as browser:
        yield browser


@pytest.fixture(scope="session")
def site(browser, tmp_path_factory):
    with new_site(tmp_path_factory.mktemp("site"), browser) as site:
        yield site


@pytest.fixture
def staff(site):
    """Open pages; the test fails on complaints of the browser that it did not ask for."""
    staff = Staff(site)
    yield staff
    assert staff.leave() == []


@pytest.fixture
def visit(staff):
    """`visit(page, path)` opens a page and fails on anything that the browser complains of."""
    return staff.visit


@pytest.fixture(scope="session")
def readers(site):
    """Staff whose windows stay open from test to test."""
    staff = Staff(site)
    yield staff
    staff.leave()


@pytest.fixture
def look(readers):
    """`look(each, width=…)` opens a page to look at it, and changes nothing. Its policy must be strict, and kept."""
    pages = []

    def open_page(each, **appearance):
        pages.append(readers.window(each.role, **appearance))
        response = readers.visit(pages[-1], each.path, status=each.status)
        found = markup.faults(response)
        assert not found, listed(pages[-1], found)
        return pages[-1]

    yield open_page
    for page in pages:
        readers.calm(page)


@pytest.fixture
def remember_secret(site):
    """`remember_secret(token)` has the sweep at the end look for it everywhere."""
    return site.remember_secret


@pytest.fixture
def planted(staff):
    """Return a function that opens a page of our own making, to see that a fault on it is found."""

    def open_planted(body: str, *, visited: bool = True, width: int = 390, **headers: str):
        page = staff.page(None, width=width)
        html = f'<!doctype html><html lang="en"><head><title>Planted</title></head><body>{body}</body></html>'
        page.route("**/planted/", lambda route: route.fulfill(body=html, content_type="text/html", headers=headers))
        if visited:
            staff.visit(page, "/planted/")
        return page

    return open_planted
