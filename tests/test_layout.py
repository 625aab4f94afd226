"""Lines that fit in a window and colors that exist, in the files that ruff doesn't look at."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[1]
LONGEST = 120  # characters, as for Python
EXAMPLES = ROOT / "templates/docs/examples"  # code of partners, shown as it is


def test_lines_of_templates_and_stylesheets_fit():
    files = [*(ROOT / "templates").rglob("*.html"), *(ROOT / "templates").rglob("*.txt")]
    files += [file for package in ("partners", "chartero") for file in (ROOT / package).rglob("*.css")]
    assert len(files) > 50
    long = [
        f"{file.relative_to(ROOT)}:{number}"
        for file in files
        if EXAMPLES not in file.parents
        for number, line in enumerate(file.read_text().splitlines(), 1)
        if len(line) > LONGEST
    ]
    assert long == []


def test_no_tag_of_a_template_is_broken_over_lines():
    """Django would show such a tag as text."""
    lines = ((path, line) for path in (ROOT / "templates").rglob("*.html") for line in path.read_text().splitlines())
    assert [(path.name, line) for path, line in lines if re.search(r"\{[%{#](?!.*[%}#]\})", line)] == []


def test_stylesheets_use_only_custom_properties_that_are_defined():
    sheets = "".join(file.read_text() for file in (ROOT / "partners/static/partners").glob("*.css"))
    used = set(re.findall(r"var\((--[\w-]+)", sheets))
    defined = set(re.findall(r"^\s*(--[\w-]+):", sheets, re.MULTILINE))
    assert used - defined == {"--font-family-primary"}  # Django's
    assert "--works" in defined
