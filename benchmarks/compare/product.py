"""chartero itself, in its production environment, and keys of its own for each run."""

import base64
import json
import os
import secrets
import sys
from collections.abc import Sequence

from benchmarks.compare.processes import ROOT, run

PYTHON = sys.executable
SETTINGS = "benchmarks.compare.settings"
SECRETS = {
    "CHARTERO_SECRET_KEY": secrets.token_urlsafe(60),
    "CHARTERO_DIGEST_KEYS": f"1:{base64.b64encode(os.urandom(32)).decode()}",
}


def environment(url: str) -> dict[str, str]:
    """Return the variables of a deployment in production over a database."""
    return SECRETS | {
        "CHARTERO_ENVIRONMENT": "production",
        "CHARTERO_ALLOWED_HOSTS": "127.0.0.1",
        "CHARTERO_REQUIRE_HTTPS": "0",
        "DATABASE_URL": url,
        "DJANGO_SETTINGS_MODULE": SETTINGS,
        "PYTHONPATH": str(ROOT),
    }


def issue(url: str, wanted: Sequence[tuple[int, Sequence[str]]]) -> list[str]:
    """Return the tokens of new keys, one for each organization and its scopes."""
    tokens: list[str] = json.loads(run([PYTHON, "-m", "benchmarks.compare.keys", json.dumps(wanted)], environment(url)))
    return tokens


def collect_static(url: str) -> None:
    """Collect the files of staff's pages, as every deployment does before it serves."""
    run([PYTHON, "manage.py", "collectstatic", "--no-input", "--verbosity=0"], environment(url))
