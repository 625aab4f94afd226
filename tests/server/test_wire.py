"""The header cases of the contract, byte by byte, as they pass through the production server."""

import pytest

pytestmark = pytest.mark.server
GET = b"GET /external/v1/encounters?limit=1 HTTP/1.1"
HOST = b"Host: 127.0.0.1"


def code(answer):
    return answer.status, answer.json().get("reason_code")


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        ([b"Authorization: Bearer {token}"], (200, None)),
        ([b"authorization:bearer    {token}  \t "], (200, None)),
        ([b"Authorization: Bearer {token}", b"Authorization: Bearer {token}"], (401, "malformed_token")),
        ([b"Authorization: Bearer {token}", b"authorization: Basic x"], (401, "malformed_token")),
        ([b"Authorization: Bearer {token}", b"Authorization:"], (401, "malformed_token")),
        ([b"Authorization: Bearer \xff\xe9"], (401, "malformed_token")),
        ([b"Authorization: Bearer {token}\xa0"], (401, "malformed_token")),
        ([b"Authorization: Bearer {token} x"], (401, "malformed_token")),
        ([b"Authorization: Bearer {token}\tx"], (401, "malformed_token")),
        ([b"Authorization: Bearer\t{token}"], (401, "missing_bearer")),
        ([b"Authorization: Bearer"], (401, "missing_bearer")),
        ([b"Authorization:"], (401, "missing_bearer")),
        ([b"Proxy-Authorization: Bearer {token}"], (401, "missing_bearer")),
        ([b"X-Api-Key: {token}", b"Cookie: token={token}"], (401, "missing_bearer")),
    ],
)
def test_authorization(served, lines, expected):
    token = served.tokens["good"].encode()
    assert code(served.raw(GET, HOST, *(line.replace(b"{token}", token) for line in lines))) == expected


def test_head_has_the_length_of_get_and_no_body(served):
    lines = [HOST, b"Authorization: Bearer " + served.tokens["good"].encode()]
    got, head = served.raw(GET, *lines), served.raw(GET.replace(b"GET", b"HEAD"), *lines)
    assert (head.status, head.body) == (200, b"")
    assert head.headers["Content-Length"] == got.headers["Content-Length"] == str(len(got.body))


def test_a_body_is_never_read(served):
    body = [b"Content-Type: application/json", b"Content-Length: 3"]
    token = b"Authorization: Bearer " + served.tokens["good"].encode()
    assert code(served.raw(GET.replace(b"GET", b"POST"), HOST, token, *body)) == (405, "method_not_allowed")


def test_a_page_for_people_is_served_too(served):
    page = served.get("/admin/login/")
    assert page.status == 200
    assert b"Sign in" in page.body
    assert served.get("/static/admin/css/base.css").status == 200
