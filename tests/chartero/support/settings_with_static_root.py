"""The product's settings, with its static files collected into a folder of the test."""

import os
from pathlib import Path

from chartero.settings import *  # noqa: F403

STATIC_ROOT = Path(os.environ["CHARTERO_DATA_DIR"]) / "static"
