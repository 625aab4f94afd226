"""A client of the partner API that holds every answer to the contract's ground rules."""

import json
from dataclasses import dataclass, field

from django.test import Client

LIST, CHANGES, KEY = "/external/v1/encounters", "/external/v1/changes", "/external/v1/key"
OUTSIDE_THE_BODY = {"ETag", "Location", "Set-Cookie", "Last-Modified", "Access-Control-Allow-Origin"}


@dataclass
class Api:
    """Calls with one token, or with none."""

    token: str | None = None
    client: Client = field(default_factory=lambda: Client(raise_request_exception=False))

    def get(self, path=LIST, query="", *, method="GET", authorization=None, **headers):
        """Call and return the answer, whatever it is."""
        if authorization is None and self.token is not None:
            authorization = f"Bearer {self.token}"
        extra = {} if authorization is None else {"HTTP_AUTHORIZATION": authorization}
        response = self.client.generic(method, path, QUERY_STRING=query, **extra, **headers)
        check_ground_rules(response)
        return response

    def refusal(self, path=LIST, query="", **call):
        """Call and return status, code and field of the refusal."""
        response = self.get(path, query, **call)
        body = response.json()
        return response.status_code, body["reason_code"], body["field"]


def check_ground_rules(response):
    """Assert what the contract says of every answer."""
    assert response["Content-Type"] == "application/json"
    assert response["X-Request-ID"].startswith("req_")
    assert response["Cache-Control"] == "no-store"
    assert response["X-Content-Type-Options"] == "nosniff"
    assert not OUTSIDE_THE_BODY & set(response.headers)
    assert not response.cookies
    if response.status_code != 200 and response.content:
        body = json.loads(response.content)
        assert list(body) == ["error", "reason_code", "message", "field"]
        assert body["error"] == "api_key_validation_failed"
        assert "ch_sk_" not in body["message"]
    if response.status_code != 403 or response.content:
        lacking = response.status_code == 403 and b'"missing_scope"' in response.content
        assert ("WWW-Authenticate" in response) == (response.status_code == 401 or lacking)
    assert ("Retry-After" in response) == (response.status_code in (429, 503))
    assert ("Allow" in response) == (response.status_code == 405)
