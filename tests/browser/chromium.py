"""Debian's Chromium, driven by Playwright; whoever has neither skips the tests that need them."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from playwright.sync_api import Browser

QUIET = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
NEEDED = ("playwright", "axe_playwright_python")


def missing() -> str:
    """Return what a browser test lacks here, or nothing."""
    if not all(find_spec(name) for name in NEEDED):
        return "no browser driver: pip install -r .ci/requirements.txt"
    return "" if shutil.which("chromium") else "no browser: apt-get install chromium"


@contextmanager
def launched() -> Iterator["Browser"]:
    """Run the browser."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=QUIET)
        yield browser
        browser.close()
