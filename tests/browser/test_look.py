"""Every staff page keeps to one scale of type."""

import pytest

from tests.browser.pages import PAGES
from tests.browser.site import WIDE
from tests.browser.staff import listed

MOST = 4
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


@pytest.mark.parametrize("each", PAGES, ids=lambda page: page.name)
def test_text_has_at_most_four_sizes(look, each):
    page = look(each, width=WIDE)
    found = page.evaluate(SIZES)
    assert len(found) <= MOST, listed(page, [f"{size}: {html}" for size, html in found.items()])


def test_a_fifth_size_is_found(planted):
    page = planted("".join(f"<p style='font-size: {size}px'>{size}</p>" for size in range(10, 15)))
    assert len(page.evaluate(SIZES)) == MOST + 1
