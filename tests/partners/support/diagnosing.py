"""A call asked about on the page that says why it fails."""

import html
import re

from django.test import Client

from partners.keys import tokens
from tests.api import LIST

PAGE = "/admin/diagnosis/"


def text_of(answer) -> str:
    """Return what the page says, without its markup."""
    return " ".join(html.unescape(re.sub(r"<[^>]+>", "", answer.content.decode())).split())


def ask(client: Client, credentials="", request=f"GET {LIST}", *, address="127.0.0.1", secure=False):
    given = {"credentials": credentials, "request": request, "address": address}
    answer = client.post(PAGE, given, secure=secure)
    assert answer.status_code == 200
    assert "no-store" in answer["Cache-Control"]
    return answer


def with_wrong_secret(token: str) -> str:
    """Return a well-formed token of the same public part whose secret is another."""
    body = token[:18] + tokens.mint(is_test=False).text[18:-6]
    return body + tokens.checksum(body)
