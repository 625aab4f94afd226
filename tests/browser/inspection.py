"""An open page as a reader takes it in: how long it is, how many sizes of text it has, and where words are broken."""

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

# Words that are broken although there is room: on one line, nothing gets wider than what holds it. A hyphen may
# end a line, and so may what <wbr> follows.
BROKEN = """() => {
  const walker = document.createTreeWalker(document.querySelector("main") ?? document.body, NodeFilter.SHOW_TEXT);
  const range = document.createRange(), suspects = [], found = [];
  const top = (node, at) => {
    range.setStart(node, at), range.setEnd(node, at + 1);
    return range.getBoundingClientRect().top;
  };
  const isBroken = (node, from, to) => {
    for (let at = from + 1; at < to; at++) {
      const ends = /[-–—]/.test(node.data[at - 1]);
      if (!ends && Math.abs(top(node, at) - top(node, at - 1)) > 5) return true;
    }
    return false;
  };
  while (walker.nextNode()) {
    const node = walker.currentNode, element = node.parentElement;
    const isLeftOut = element.closest("svg, noscript, select, textarea, pre, .visually-hidden");
    if (isLeftOut || !element.checkVisibility()) continue;
    for (const word of node.data.matchAll(/\\S{3,}/g)) {
      const from = word.index, to = from + word[0].length;
      if (isBroken(node, from, to)) suspects.push([element, word[0]]);
    }
  }
  const isTight = element => {
    for (let each = element; each && each !== document.documentElement; each = each.parentElement) {
      if (getComputedStyle(each).display.startsWith("inline") && !each.matches(".copyable")) continue;
      if (each.scrollWidth > each.clientWidth + 1) return true;
    }
    return false;
  };
  for (const [element, word] of suspects) {
    if (isTight(element)) continue;
    element.style.whiteSpace = "nowrap";
    if (!isTight(element)) found.push(`${word}: ${element.outerHTML.slice(0, 80)}`);
    element.style.whiteSpace = "";
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


def broken(page: "Page") -> list[str]:
    """Return the words that are broken where there is room for the whole word."""
    return [f"broken: {line}" for line in page.evaluate(BROKEN)]
