"""Lines that fit in a window, in the files that ruff doesn't look at."""

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
