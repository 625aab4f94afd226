"""chartero's own settings; only its static files are collected beside the benchmark's data."""

import os
from pathlib import Path

from chartero.settings import *  # noqa: F403

STATIC_ROOT = Path(os.environ["CHARTERO_DATA_DIR"]) / "static"
