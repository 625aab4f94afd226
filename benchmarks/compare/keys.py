"""Issues keys of chartero for `[[organization's primary key, [scope, …]], …]`, and prints their tokens as JSON."""

import json
import sys

import django

django.setup()

from partners.catalogue.routes import Scope  # noqa: E402
from partners.keys import lifetimes  # noqa: E402
from partners.models import ApiKey, Organization  # noqa: E402
from partners.models.change import Change  # noqa: E402

CHANGE = Change(by="benchmark", source="benchmark")


def issue(organization: int, scopes: list[str]) -> str:
    """Issue one key and return its token."""
    values = {"label": "benchmark", "scopes": map(Scope, scopes), "expires_at": lifetimes.default_end()}
    _, token = ApiKey.issue(CHANGE, organization=Organization.objects.get(pk=organization), **values)
    return token.text


print(json.dumps([issue(*wanted) for wanted in json.loads(sys.argv[1])]))
