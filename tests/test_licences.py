"""The licences of the packages that a deployment installs, as each package declares its own."""

import re
from importlib.metadata import PackageNotFoundError, metadata
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PINNED = re.compile(r"^([\w.-]+)(?:\[[\w,-]+\])?==\S+( ;)?", re.MULTILINE)
ACCEPTED = {
    "3-Clause BSD License",
    "Apache 2.0",
    "Apache-2.0",
    "Apache-2.0 AND BSD-2-Clause",
    "Apache-2.0 OR BSD-2-Clause",
    "Apache-2.0 OR BSD-3-Clause",
    "BSD 3-Clause OR Apache-2.0",
    "BSD License",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "Dual License",  # python-dateutil: Apache-2.0, and BSD-3-Clause for its older part
    "LGPL-3.0-only",  # psycopg: used as a library, not altered
    "MIT",
    "MIT License",
    "MIT-0",
    "MPL-2.0",
    "MPL-2.0 AND (Apache-2.0 OR MIT)",
    "MPL-2.0 AND MIT",
    "PSF-2.0",
    "Unlicense",
}
ONE_LINE = 40  # characters; longer texts are the licence itself


def declared(name: str) -> str:
    """Return the licence that a package declares: as an expression, in a line, or by its classifier."""
    facts = metadata(name)
    line = facts.get("License") or ""
    classified = [
        each.rpartition(":: ")[2] for each in facts.get_all("Classifier") or [] if each.startswith("License ::")
    ]
    return facts.get("License-Expression") or (line if line and len(line) < ONE_LINE else " AND ".join(classified))


def licences(lock: str) -> dict[str, str]:
    """Return the licence of each package in a lock that is for this platform."""
    found = {}
    for name, marker in PINNED.findall((ROOT / lock).read_text()):
        try:
            found[name] = declared(name)
        except PackageNotFoundError:
            assert marker, f"{name} is not installed"  # for another platform
    return found


def refused(found: dict[str, str]) -> dict[str, str]:
    return {name: licence for name, licence in found.items() if licence not in ACCEPTED}


def test_every_licence_was_accepted():
    found = licences("requirements.txt")
    assert len(found) > 40
    assert refused(found) == {}


@pytest.mark.s3
def test_every_licence_of_what_a_bucket_needs_was_accepted():
    pytest.importorskip("botocore", reason="needs deploy/s3.txt")
    assert refused(licences("deploy/s3.txt")) == {}


@pytest.mark.otel
def test_every_licence_of_what_traces_need_was_accepted():
    pytest.importorskip("opentelemetry.proto", reason="needs deploy/otel.txt")
    assert refused(licences("deploy/otel.txt")) == {}
