"""Every staff page holds to a strict content security policy, and a breach of it is noticed."""

import pytest

from tests.browser.markup import forbidden
from tests.browser.pages import PAGES

STRICT = "default-src 'self'"


@pytest.mark.parametrize("each", PAGES, ids=lambda page: page.name)
def test_the_policy_is_strict_and_the_page_keeps_it(readers, each):
    response = readers.visit(readers.window(each.role), each.path)
    policy = response.headers.get("content-security-policy", "none")
    assert STRICT in policy
    assert not [word for word in ("unsafe", "data:", "http:", "https:", "*") if word in policy]
    assert forbidden(response.text()) == []


@pytest.mark.parametrize(
    ("body", "complaint"),
    [
        ("<p style='color: red'>red</p>", "inline style"),
        ("<script>document.title = 'run'</script>", "inline script"),
        ("<p>ok</p><img alt='' src='data:image/gif;base64,R0lGODlhAQABAAAAACwAAAAAAQABAAA='>", "data:"),
        ("<img alt='' src='/nothing-is-here.png'>", "answered 404"),
        ("<img alt='' src='http://127.0.0.2:9/x.png'>", "another origin"),
    ],
)
def test_a_breach_is_noticed(staff, planted, body, complaint):
    page = planted(body, visited=False, **{"content-security-policy": STRICT})
    with pytest.raises(AssertionError, match=complaint):
        staff.visit(page, "/planted/")


@pytest.mark.parametrize(
    ("script", "complaint"),
    [
        ("console.warn('beware')", "console warning: beware"),
        ("console.error('broken')", "console error: broken"),
        ("throw new Error('uncaught')", "uncaught error"),
    ],
)
def test_a_fault_of_a_script_is_noticed(staff, planted, script, complaint):
    page = planted(f"<script>{script}</script>", visited=False)
    with pytest.raises(AssertionError, match=complaint):
        staff.visit(page, "/planted/")


@pytest.mark.parametrize(
    "html",
    [
        "<p style='color:red'>",
        "<style>p {}</style>",
        "<a onclick='go()'>",
        "<script>go()</script>",
        "<a href=' javascript:go()'>",
        "<img src='data:,'>",
    ],
)
def test_what_the_policy_forbids_is_found_in_the_source(html):
    assert forbidden(html)
    assert not forbidden("<script src='/x.js'></script><script type='application/json'>{}</script><p class='style'>")
