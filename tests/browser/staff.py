"""What staff do on a page, for the browser tests."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from playwright.sync_api import Page, Response

    from tests.browser.site import Site


def listed(page: "Page", faults: list[str]) -> str:
    """Return the faults of a page, for a person to read."""
    return "\n  ".join([f"{len(faults)} on {page.url}", *faults])


class Staff:
    """Opens pages at the site as a person of a role, and closes them when the test is over."""

    def __init__(self, site: "Site") -> None:
        self.site = site
        self._pages: list[Page] = []
        self._windows: dict[object, Page] = {}

    def page(self, role: str | None = "superuser", **appearance: object) -> "Page":
        """Return a new page of a browser where the person of this role is signed in; nobody for None."""
        page = self.site.page(role, **appearance)
        self._pages.append(page)
        return page

    def window(self, role: str | None, **appearance: object) -> "Page":
        """Return a page that stays open between the tests which only look; a new one costs half a second."""
        key = (role, *sorted(appearance.items()))
        if key not in self._windows:
            self._windows[key] = self.page(role, **appearance)
        return self._windows[key]

    def visit(self, page: "Page", path: str, *, status: int = 200) -> "Response":
        """Open a page, and fail on anything that the browser complains of."""
        response = page.goto(self.site.path(path), wait_until="load")
        assert response.status == status, f"{page.url} answered {response.status}"
        self.calm(page)
        return response

    def calm(self, page: "Page") -> None:
        """Fail on what went wrong since the last visit: console, errors, requests, the CSP."""
        page.wait_for_load_state("load")
        complaints = self.site.complaints(page)
        assert not complaints, listed(page, complaints)

    def leave(self) -> list[str]:
        """Close every page and return what went wrong on them unseen."""
        return [complaint for page in self._pages for complaint in self.site.close(page)]
