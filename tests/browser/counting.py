"""A person whose clicks, fields and seconds are counted while they work, by what the pages' labels say."""

import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page

    from tests.browser.site import Site


class Person:
    """Somebody of a role at the site. Every task begins at Home."""

    def __init__(self, site: "Site", role: str) -> None:
        self.page: Page = site.page(role)
        self.site = site
        self.begin()

    def begin(self) -> None:
        """Go Home, and count from here."""
        self.page.goto("/admin/")
        self.clicks, self.fields, self._since = 0, 0, time.perf_counter()

    @property
    def seconds(self) -> float:
        return time.perf_counter() - self._since

    @property
    def text(self) -> str:
        """Return what the page says."""
        return " ".join(self.page.inner_text("main").split())

    def click(self, target: "Locator") -> None:
        """Click, and wait for what it leads to."""
        self.clicks += 1
        target.first.click()
        self.page.wait_for_load_state("load")

    def menu(self, group: str, entry: str) -> None:
        """Open a page from a menu of the navigation."""
        navigation = self.page.get_by_role("navigation", name="Pages")
        self.click(navigation.locator("summary", has_text=group))
        self.click(navigation.get_by_role("link", name=entry, exact=True))

    def follow(self, name: str) -> None:
        self.click(self.page.get_by_role("link", name=name, exact=True))

    def press(self, name: str) -> None:
        self.click(self.page.get_by_role("main").get_by_role("button", name=name, exact=True))

    def tick(self, *labels: str) -> None:
        """Tick the boxes that are not ticked yet."""
        for label in labels:
            box = self.page.get_by_label(label, exact=True)
            if not box.is_checked():
                self.clicks += 1
                box.check()

    def fill(self, label: str, text: str) -> None:
        self.fields += 1
        self.page.get_by_role("main").get_by_label(label, exact=True).first.fill(text)

    def choose(self, label: str, option: str) -> None:
        self.clicks += 1
        self.page.get_by_role("main").get_by_label(label, exact=True).select_option(label=option)

    def search(self, text: str) -> None:
        """Type into the search box of every page."""
        self.fields += 1
        box = self.page.get_by_label("Search everything")
        box.fill(text)
        box.press("Enter")
        self.page.wait_for_load_state("load")

    def column(self, label: str) -> list[str]:
        """Return the first line of each cell in a table's column."""
        return [
            text.strip().partition("\n")[0] for text in self.page.locator(f"[data-label='{label}']").all_inner_texts()
        ]

    def leave(self) -> None:
        self.site.close(self.page)
