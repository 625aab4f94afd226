"""Issues keys of the textbook for `[[organization's primary key, [scope, …]], …]`, and prints them as JSON."""

import json
import sys

import django

django.setup()

from django.core.management import call_command  # noqa: E402

from benchmarks.compare.textbook.models import PartnerKey  # noqa: E402


def issue(organization: int, scopes: list[str]) -> str:
    """Issue one key and return its text."""
    made, text = PartnerKey.objects.create_key(name="benchmark", organization_id=organization)
    made.scopes.set(scopes)
    return text


call_command("migrate", run_syncdb=True, verbosity=0)
print(json.dumps([issue(*wanted) for wanted in json.loads(sys.argv[1])]))
