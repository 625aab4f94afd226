"""The demonstration of a release: this one, or that of another commit in a clone, with its own packages."""

import base64
import secrets
import subprocess
import sys
import tempfile
import venv
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.faults.demonstration import tokens_of
from tests.server.deployment import ROOT, Deployment, new_deployment

LOCK = "requirements.txt"


@contextmanager
def demonstrated(root: Path = ROOT, python: str = sys.executable) -> Iterator[Deployment]:
    """Yield a deployment of a release, with its demonstration and with secrets that each machine can have."""
    shared = {
        "CHARTERO_SECRET_KEY": secrets.token_hex(32),
        "CHARTERO_DIGEST_KEYS": f"1:{base64.b64encode(secrets.token_bytes(32)).decode()}",
        "CHARTERO_SECOND_FACTOR": "off",
    }
    with tempfile.TemporaryDirectory() as folder, new_deployment(Path(folder), root, python, **shared) as deployment:
        deployment.tokens = tokens_of(deployment)
        yield deployment


@contextmanager
def checked_out(commit: str, python: str | None) -> Iterator[tuple[Path, str]]:
    """Yield the folder of a release, and the interpreter with its packages."""
    with tempfile.TemporaryDirectory() as name:
        clone = Path(name, "release")
        subprocess.run(["git", "clone", "--quiet", "--shared", "--no-checkout", ROOT, clone], check=True)
        subprocess.run(["git", "-c", "advice.detachedHead=false", "checkout", "--quiet", commit], cwd=clone, check=True)
        wanted, ours = (set((root / LOCK).read_text().splitlines()) for root in (clone, ROOT))
        yield clone, python or (sys.executable if wanted <= ours else _installed(Path(name, "packages"), clone))


def _installed(folder: Path, clone: Path) -> str:
    """Install the packages of a release, and return its interpreter."""
    venv.create(folder, with_pip=True)
    python = str(folder / "bin/python")
    install = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--require-hashes", "-r"]
    subprocess.run([*install, clone / LOCK], check=True)
    return python
