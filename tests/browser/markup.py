"""The policy of an answer, and what it forbids in the source of the page: that must not even be tried."""

from html.parser import HTMLParser
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from playwright.sync_api import Response

STRICT = "default-src 'self'"
LOOSE = ("unsafe", "data:", "http:", "https:", "*")


class Forbidden(HTMLParser):
    """Collects inline styles, scripts and handlers, and `data:` and `javascript:` URLs."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        names = dict(attributes)
        if tag == "style" or (tag == "script" and not names.get("src") and names.get("type") != "application/json"):
            self.found.append(f"inline <{tag}>")
        self.found += [f"{name}= on <{tag}>" for name in names if name == "style" or name.startswith("on")]
        self.found += [
            f"{name}={value[:40]} on <{tag}>"
            for name, value in attributes
            if value and value.strip().lower().startswith(("data:", "javascript:"))
        ]


def faults(response: "Response") -> list[str]:
    """Return what is loose in the policy of an answer, and what its source holds against it."""
    policy = response.headers.get("content-security-policy", "none")
    loose = [word for word in LOOSE if word in policy] if STRICT in policy else ["no strict policy"]
    return [*(f"policy: {each}" for each in loose), *forbidden(response.text())]


def forbidden(html: str) -> list[str]:
    """Return what the page's source holds that `default-src 'self'` refuses."""
    parser = Forbidden()
    parser.feed(html)
    return parser.found
