"""Pictures of every staff page, for people to look at: wide and narrow, light and dark.

python -m tests.browser.pictures [--only NAME] OUT_FOLDER
"""

import argparse
import itertools
import os
import sys
import tempfile
from pathlib import Path

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
django.setup()

from tests.browser import chromium  # noqa: E402
from tests.browser.pages import PAGES, StaffPage  # noqa: E402
from tests.browser.site import NARROW, WIDE, Site, new_site  # noqa: E402

WIDTHS = {"wide": WIDE, "narrow": NARROW}
SCHEMES = {"light": False, "dark": True}


def main() -> None:
    """Read the arguments, serve the demonstration, and take the pictures."""
    parser = argparse.ArgumentParser(prog="python -m tests.browser.pictures", description="Picture every staff page.")
    parser.add_argument("folder", type=Path, metavar="OUT_FOLDER")
    parser.add_argument("--only", metavar="NAME", help="only the pages whose name begins so")
    arguments = parser.parse_args()
    if lacking := chromium.missing():
        parser.error(lacking)
    wanted = [page for page in PAGES if page.name.startswith(arguments.only or "")]
    if not wanted:
        parser.error(f"no page is named so; choose from {', '.join(page.name for page in PAGES)}")
    arguments.folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as data, chromium.launched() as browser, new_site(Path(data), browser) as site:
        for each, width, scheme in itertools.product(wanted, WIDTHS, SCHEMES):
            sys.stdout.write(f"{take(site, each, width, scheme, arguments.folder)}\n")


def take(site: Site, staff_page: StaffPage, width: str, scheme: str, folder: Path) -> Path:
    """Write one picture and return where."""
    file = folder / f"{staff_page.name}-{width}-{scheme}.png"
    page = site.page(staff_page.role, width=WIDTHS[width], dark=SCHEMES[scheme])
    page.goto(site.path(staff_page.path))
    page.screenshot(path=file, full_page=True)
    site.close(page)
    return file


if __name__ == "__main__":
    main()
