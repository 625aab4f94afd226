"""The pages that explain the repository: short, with links that lead somewhere, and true of commands and settings."""

import re
from pathlib import Path

import pytest
from django.core.management import get_commands

ROOT = Path(__file__).parents[1]
PAGES = [
    *(ROOT / name for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md", "benchmarks/README.md")),
    *(ROOT / package / "README.md" for package in ("partners", "encounters", "chartero")),
    *sorted((ROOT / "docs").glob("*.md")),
]
OURS = ("partners", "encounters", "chartero")
# A run reads these of its own environment; no operator sets them.
INTERNAL = {"CHARTERO_WEB_PROCESS"}


def anchors(page: Path) -> set[str]:
    """Return the names of a page's headings, as GitHub makes them."""
    headings = re.findall(r"^#+ (.+)$", page.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def test_the_readme_is_short():
    assert len((ROOT / "README.md").read_bytes()) <= 8_000


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page):
    for target in re.findall(r"\]\(([^)]+)\)", page.read_text()):
        path, _, anchor = target.partition("#")
        if path.startswith(("http:", "https:")):
            continue
        led_to = page.parent / path if path else page
        assert led_to.exists(), target
        assert not anchor or anchor in anchors(led_to), target


def test_every_command_of_ours_is_explained_and_no_other():
    page = (ROOT / "docs/commands.md").read_text()
    explained = {
        name for row in re.findall(r"^\| (`.+?`) \|", page, re.MULTILINE) for name in re.findall(r"`(\w+)", row)
    }
    assert explained == {name for name, app in get_commands().items() if app in (*OURS, "partners.signin")} - {"manage"}


def test_every_setting_is_explained_and_no_other():
    page = (ROOT / "docs/settings.md").read_text()
    named = re.compile(r"CHARTERO_[A-Z0-9_]+[A-Z]|DATABASE_URL|EMAIL_URL")
    explained = {name for row in re.findall(r"^\| (`.+?`) \|", page, re.MULTILINE) for name in named.findall(row)}
    read = [*(ROOT / "chartero").rglob("settings.py"), *(ROOT / "chartero").rglob("gunicorn.py")]
    asked = {name for file in read for name in re.findall(rf'"({named.pattern})"', file.read_text())}
    assert explained == asked - INTERNAL


def test_every_file_that_the_maps_name_exists():
    for page in PAGES[4:7]:
        for path in re.findall(r"`((?:partners|encounters|chartero|tests)/[\w./]+\.py)`", page.read_text()):
            assert (ROOT / path).exists(), path
