"""What a curl command sends."""

import pytest
from django.core.exceptions import ValidationError

from partners.diagnosis import curl

URL = "https://api.example.com/external/v1/encounters?limit=5"


@pytest.mark.parametrize(
    ("text", "method"),
    [
        (f"curl {URL}", "GET"),
        (f"CURL.exe '{URL}'", "GET"),
        (f"curl -X POST {URL}", "POST"),
        (f"curl -sSXPUT {URL}", "PUT"),
        (f"curl --request=DELETE --url {URL}", "DELETE"),
        (f"curl -I {URL}", "HEAD"),
        (f"curl -d a=b {URL}", "POST"),
        (f"curl --json '{{}}' {URL} -o out.json", "POST"),
        (f"curl -G -d a=b {URL}", "GET"),
        (f'curl -sS \\\n  -H "Accept: */*" \\\r\n  "{URL}" --compressed', "GET"),
    ],
)
def test_the_method_and_the_url(text, method):
    assert curl.is_command(text)
    command = curl.read(text)
    assert (command.method, command.url, command.authorization) == (method, URL, None)


def test_a_url_without_a_scheme():
    assert curl.read("curl 127.0.0.1:8000/external/v1/x").url == "http://127.0.0.1:8000/external/v1/x"


@pytest.mark.parametrize(
    ("headers", "authorization"),
    [
        ("-H 'Authorization: Bearer x'", "Bearer x"),
        ("--header 'authorization:Basic x' -H 'Accept: y'", "Basic x"),
        ("-H 'Authorization: Bearer x' -H 'Authorization: Bearer y'", "Bearer x,Bearer y"),
        ("-H 'Authorization;'", None),
    ],
)
def test_the_authorization_header(headers, authorization):
    command = curl.read(f"curl {headers} {URL}")
    assert command.authorization == authorization
    assert "Bearer" not in repr(command)


@pytest.mark.parametrize("text", [f"curl '{URL} ch_sk_secret", f"curl {URL} -H", "curl --request=GET --url"])
def test_a_broken_command_is_refused_without_quoting_it(text):
    with pytest.raises(ValidationError, match="The curl command") as refusal:
        curl.read(text)
    assert "ch_sk" not in str(refusal.value)


@pytest.mark.parametrize(
    "text", [f"curl {'-H x ' * 28_500}{URL}", f"curl {'-H x ' * 300}{URL}", f"curl {'x' * 20_000}"]
)
def test_a_command_of_more_words_than_a_call_needs_is_refused_unread(text, monkeypatch):
    monkeypatch.setattr(curl, "_options", None)
    with pytest.raises(ValidationError, match="too long"):
        curl.read(text)


@pytest.mark.parametrize("text", ["curly /x", "GET /curl ", ""])
def test_what_is_no_command(text):
    assert not curl.is_command(text)
