"""A breach of the content security policy is noticed, and so is a policy that isn't strict."""

import pytest

from tests.browser.markup import STRICT, faults, forbidden


class Answer:
    """An answer of our own making, as Playwright has it."""

    def __init__(self, html, **headers):
        self.html, self.headers = html, headers

    def text(self):
        return self.html


@pytest.mark.parametrize(
    ("policy", "html", "found"),
    [
        ({"content-security-policy": STRICT}, "<p>ok</p>", []),
        ({"content-security-policy": STRICT}, "<p style='color: red'>", ["style= on <p>"]),
        ({"content-security-policy": f"{STRICT}; img-src data:"}, "", ["policy: data:"]),
        ({"content-security-policy": f"{STRICT} 'unsafe-inline'"}, "", ["policy: unsafe"]),
        ({"content-security-policy": "default-src 'none'"}, "", ["policy: no strict policy"]),
        ({}, "", ["policy: no strict policy"]),
    ],
)
def test_a_policy_that_is_not_strict_is_found(policy, html, found):
    assert faults(Answer(html, **policy)) == found


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
