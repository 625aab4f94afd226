"""axe-core on an open page: WCAG 2.0, 2.1 and 2.2, levels A and AA."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from playwright.sync_api import Page

TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22a", "wcag22aa"]
# Without preload: axe would fetch the stylesheets that others import, and look for them beside the page.
RUN = "tags => axe.run({runOnly: {type: 'tag', values: tags}, resultTypes: ['violations'], preload: false})"


def violations(page: "Page") -> list[str]:
    """Return each violated rule with every element that violates it."""
    from axe_playwright_python.base import AXE_SCRIPT

    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE_SCRIPT)
    return [_line(rule, node) for rule in page.evaluate(RUN, TAGS)["violations"] for node in rule["nodes"]]


def violations_in_light_and_dark(page: "Page") -> list[str]:
    """Return the same for an open page in light colours, and then in dark ones."""
    light = violations(page)
    page.emulate_media(color_scheme="dark")
    dark = violations(page)
    page.emulate_media(color_scheme="light")
    return [*light, *(f"in the dark: {line}" for line in dark if line not in light)]


def _line(rule: dict[str, Any], node: dict[str, Any]) -> str:
    checks = node["any"] + node["all"] + node["none"]
    why = "; ".join(check["message"] for check in checks) or rule["help"]
    return f"{rule['id']} ({rule['impact']}) at {node['target'][0]}: {why}  {node['html'][:120]}"
