"""Calls in pieces of code, as partners paste them."""

import time
from pathlib import Path

import pytest
from django.core.exceptions import ValidationError

from partners.diagnosis.request_lines import RequestLine
from partners.diagnosis.snippets import find_call

URL = "https://api.example.org/external/v1/encounters"
EXAMPLES = Path(__file__).parents[3] / "templates/docs/examples"


@pytest.mark.parametrize(
    ("code", "method", "url", "authorization"),
    [
        (f'requests.get("{URL}?limit=5")', "GET", f"{URL}?limit=5", None),
        (
            f"requests.get('{URL}', params={{'limit': 500, \"offset\": '0'}}, headers={{'Authorization': 'Bearer x'}})",
            "GET",
            f"{URL}?limit=500&offset=0",
            "Bearer x",
        ),
        (f'httpx.head("{URL}?a=b", params={{"c": "d e"}})', "HEAD", f"{URL}?a=b&c=d+e", None),
        (f'httpx.post("{URL}", params={{}})', "POST", URL, None),
        (f'await fetch(`{URL}`, {{ method: "delete", headers }})', "DELETE", URL, None),
        ("axios.get(`${base}/external/v1/encounters/${id}`)", "GET", "/external/v1/encounters/${id}", None),
        ('get(f"{BASE}/external/v1/encounters", headers=h)', "GET", "/external/v1/encounters", None),
        (f"fetch('{URL}', {{headers: {{authorization: 'Bearer abc'}}}})", "GET", URL, "Bearer abc"),
        (f"fetch('{URL}', {{headers: {{Authorization: `Bearer ${{key}}`}}}})", "GET", URL, None),
        (f'Request("{URL}", headers={{"Authorization": "Bearer " + key}})', "GET", URL, None),
        (f'headers.set("Authorization", "Bearer abc"); fetch("{URL}")', "GET", URL, "Bearer abc"),
    ],
)
def test_a_call_is_read_as_far_as_it_stands_there(code, method, url, authorization):
    call = find_call(code)
    assert (call.method, call.url, call.authorization) == (method, url, authorization)
    assert "abc" not in repr(call)


OTHER_TEXTS = ["", "GET /external/v1/encounters", URL, 'print("hello")', "'/external", "it's /external"]


@pytest.mark.parametrize("text", OTHER_TEXTS)
def test_other_texts_are_no_code(text):
    assert find_call(text) is None


def test_a_snippet_is_a_request():
    line = RequestLine.parse(f'requests.get("{URL}", params={{"limit": 500}})')
    assert (line.method, line.path, line.query_string, line.host) == (
        "GET",
        "/external/v1/encounters",
        "limit=500",
        "api.example.org",
    )


@pytest.mark.parametrize("file", sorted(EXAMPLES.glob("first_call.*")), ids=lambda file: file.name)
def test_our_own_examples_are_understood(file):
    line = RequestLine.parse(file.read_text())
    assert line.path.startswith("/external/v1/encounters")


def test_code_without_a_call_says_what_to_enter():
    with pytest.raises(ValidationError, match="piece of Python or JavaScript"):
        RequestLine.parse('requests.get("https://api.example.org/other")')


HOSTILE = {
    "quotes": '"' * 8_000,
    "urls": '"/external' * 800,
    "escapes": '"/external' + "\\" * 7_900,
    "braces": '"/external' + "{" * 7_900 + '"',
    "params": '"/external" params={' + "a" * 7_900 + "}",
    "pairs": '"/external" params={' + "a:" * 3_900 + "}",
    "headers": '"/external" ' + "authorization:'" * 500,
    "methods": '"/external" ' + "method:" * 1_000,
}


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_hostile_texts_take_little_time(text):
    begun = time.process_time()
    find_call(text)
    assert time.process_time() - begun < 1
