"""The licences of the packages that a deployment installs, as each package declares its own."""

import re
from importlib.metadata import PackageNotFoundError, metadata
from pathlib import Path

LOCK = (Path(__file__).parents[1] / "requirements.txt").read_text()
PINNED = re.compile(r"^([\w.-]+)(?:\[[\w,-]+\])?==\S+( ;)?", re.MULTILINE)
ACCEPTED = {
    "Apache 2.0",
    "Apache-2.0",
    "Apache-2.0 AND BSD-2-Clause",
    "Apache-2.0 OR BSD-2-Clause",
    "Apache-2.0 OR BSD-3-Clause",
    "BSD 3-Clause OR Apache-2.0",
    "BSD License",
    "BSD-2-Clause",
    "BSD-3-Clause",
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


def test_every_licence_was_accepted():
    licences = {}
    for name, marker in PINNED.findall(LOCK):
        try:
            licences[name] = declared(name)
        except PackageNotFoundError:
            assert marker, f"{name} is not installed"  # for another platform
    assert len(licences) > 40
    assert {name: licence for name, licence in licences.items() if licence not in ACCEPTED} == {}
