"""An open page as a reader takes it in: how long it is, and in how many sizes its text is."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from playwright.sync_api import Page

LONGEST, MOST_SIZES = 4_000, 4
HEIGHT = "document.documentElement.scrollHeight"
# The sizes of all text that is shown, each with one of the elements that have it.
SIZES = """() => {
  const found = {}, walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const element = walker.currentNode.parentElement;
    const hidden = !element.checkVisibility() || element.closest("svg, noscript, .visually-hidden");
    if (hidden || !walker.currentNode.textContent.trim()) continue;
    found[getComputedStyle(element).fontSize] ??= element.outerHTML.slice(0, 80);
  }
  for (const field of document.querySelectorAll("input, select, textarea")) {
    if (!field.checkVisibility() || ["checkbox", "radio"].includes(field.type)) continue;
    found[getComputedStyle(field).fontSize] ??= field.outerHTML.slice(0, 80);
  }
  return found;
}"""


def length(page: "Page") -> list[str]:
    """Return how long the page is if a reader scrolls too far."""
    height = page.evaluate(HEIGHT)
    return [] if height < LONGEST else [f"too long: {height} px"]


def sizes(page: "Page") -> list[str]:
    """Return the sizes of text, each with an element that has it, if there are too many."""
    found = page.evaluate(SIZES)
    return [f"{size}: {html}" for size, html in found.items()] if len(found) > MOST_SIZES else []
