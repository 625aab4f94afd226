"""Files of partners as a spreadsheet saves them."""

from collections.abc import Iterable
from pathlib import Path

from partners.catalogue.routes import Route

HEADINGS = "Organization,Contact,E-mail,Purpose,Routes,Label"
LAKESIDE = "Lakeside Imaging,Ben Example,ben@lakeside.example,Care coordination,encounters,Viewer"
WHY = ("--reason", "Go-live", "--by", "ada", "--ticket", "OPS-7")


def saved(folder: Path, *lines: str, headings: str = HEADINGS) -> str:
    """Write a file with these lines, and return its path."""
    path = folder / "partners.csv"
    path.write_text("\n".join([headings, *lines]) + "\n", encoding="utf-8")
    return str(path)


def named(routes: Iterable[Route]) -> list[str]:
    return [route.route_name for route in routes]
