"""The request as a partner gives it."""

import pytest
from django.core.exceptions import ValidationError

from partners.diagnosis.request_lines import RequestLine
from tests.api import LIST


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (f"HEAD {LIST}?a=b#c", ("HEAD", "a=b", None)),
        (f"https://api.example.com:8443{LIST}?limit=5", ("GET", "limit=5", "api.example.com:8443")),
        (f"GET http://127.0.0.1{LIST}", ("GET", "", "127.0.0.1")),
        (f"curl -X POST 'https://api.example.com{LIST}?limit=5'", ("POST", "limit=5", "api.example.com")),
        (f"GET {LIST}?é=1", ("GET", "Ã©=1", None)),
    ],
)
def test_lines_urls_and_curl_commands(text, told):
    line = RequestLine.parse(text)
    assert (line.method, line.query_string, line.host) == told
    assert line.path == LIST


def test_the_header_of_a_curl_command_is_kept_out_of_sight():
    line = RequestLine.parse(f"curl -H 'Authorization: Bearer x' http://127.0.0.1{LIST}")
    assert line.authorization == "Bearer x"
    assert "Bearer" not in repr(line)
    assert line.target == f"http://127.0.0.1{LIST}"


@pytest.mark.parametrize(
    "text",
    [
        *("curl https://api.example.com/", "https://api.example.com/", "curl x", "ftp://x/external"),
        f"GET {LIST} failed",
        f"GET {LIST}\nHost: api.example.com",
    ],
)
def test_what_is_no_call_of_the_api(text):
    with pytest.raises(ValidationError, match="Enter the request as"):
        RequestLine.parse(text)
