"""`manage.py` in a process of its own, with an environment of its own, and the secrets of an invented deployment."""

import base64
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[3]
SECRET = "invented-" + "0123456789abcdefghijklmnop" * 2
DIGEST_KEY = "1:" + base64.b64encode(bytes(range(32))).decode()


def manage(folder: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run manage.py as its own process, with nothing set but this."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("CHARTERO_", "DJANGO_"))}
    return subprocess.run(
        [sys.executable, "manage.py", *arguments],
        env=kept
        | {"DATABASE_URL": f"sqlite:///{folder / 'db.sqlite3'}", "CHARTERO_DATA_DIR": str(folder)}
        | environment,
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
