"""A store with the API of S3 on this machine: nanio, which verifies every signature and knows one pair of keys."""

import os
import subprocess
import sys
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.server.deployment import free_port, wait_for

KEYS = {"access_key": "INVENTEDACCESSKEY", "secret_key": "invented/secret+of+nobody"}


@dataclass
class Store:
    """Where the store listens, and the folder of its only bucket."""

    folder: Path
    port: int
    bucket: str = "recordings"

    @property
    def settings(self) -> dict[str, str]:
        """What the setting S3 holds for this bucket."""
        return {"bucket": self.bucket, "endpoint": f"http://127.0.0.1:{self.port}", "region": "us-east-1", **KEYS}

    @property
    def environment(self) -> dict[str, str]:
        return {f"CHARTERO_S3_{name.upper()}": value for name, value in self.settings.items()}

    def kept(self) -> dict[str, bytes]:
        """Return the objects by name."""
        root = self.folder / self.bucket
        paths = [path for path in root.rglob("*") if path.is_file() and ".nanio" not in str(path)]
        return {str(path.relative_to(root)): path.read_bytes() for path in paths}


@contextmanager
def serving(folder: Path):
    """Run the store over an empty bucket."""
    store = Store(folder, free_port())
    (folder / store.bucket).mkdir()
    command = ["-m", "nanio", "serve", "--data-dir", folder, "--host", "127.0.0.1", "--port", str(store.port)]
    keys = {"NANIO_ACCESS_KEY": KEYS["access_key"], "NANIO_SECRET_KEY": KEYS["secret_key"]}
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen([sys.executable, *map(str, command)], env=os.environ | keys, stdout=log, stderr=log)
    try:
        wait_for(store.port, process)
        yield store
    finally:
        process.terminate()
        process.wait(30)
