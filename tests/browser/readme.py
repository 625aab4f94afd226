"""The two pictures of the README, made from the demonstration.

python -m tests.browser.readme
"""

import os
import tempfile
from pathlib import Path

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
django.setup()

from tests.browser import chromium  # noqa: E402
from tests.browser.pages import PAGES  # noqa: E402
from tests.browser.site import WIDE, new_site  # noqa: E402

FOLDER = Path(__file__).parents[2] / "docs/pictures"
NAMES = ("home", "key")
TALL = 900  # CSS pixels: the part of a page that says what it is


def main() -> None:
    """Serve the demonstration and take both pictures."""
    if lacking := chromium.missing():
        raise SystemExit(lacking)
    with tempfile.TemporaryDirectory() as data, chromium.launched() as browser, new_site(Path(data), browser) as site:
        for staff_page in (each for each in PAGES if each.name in NAMES):
            page = site.page(staff_page.role, width=WIDE, dark=False)
            page.set_viewport_size({"width": WIDE, "height": TALL})
            page.goto(site.path(staff_page.path))
            page.screenshot(path=FOLDER / f"{staff_page.name}.png")
            site.close(page)


if __name__ == "__main__":
    main()
