"""An open page by keyboard, and on a narrow screen."""

from itertools import pairwise
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from playwright.sync_api import Page

# Kept in the page: the controls in the order of the document, and how each looks without the focus.
PREPARE = """() => {
  const look = element => {
    const style = getComputedStyle(element);
    return [style.outlineStyle, style.outlineWidth, style.outlineColor, style.boxShadow, style.borderColor,
            style.backgroundColor, style.textDecoration].join();
  };
  const chosen = radio => [...document.getElementsByName(radio.name)].find(
    each => each.checked && each.form === radio.form);
  const first = radio => [...document.getElementsByName(radio.name)].find(each => each.form === radio.form);
  const reachable = element => element.checkVisibility({visibilityProperty: true}) && !element.matches(':disabled')
    && element.tabIndex >= 0 && !(element.type === 'radio' && element !== (chosen(element) || first(element)));
  const all = 'a[href], button, input:not([type=hidden]), select, textarea, summary, [tabindex], [contenteditable]';
  document.body.tabIndex = -1;
  document.body.focus();
  document.body.removeAttribute('tabindex');
  const controls = [...document.querySelectorAll(all)].filter(reachable);
  window.inspected = {controls, look, unfocused: controls.map(look)};
  return controls.map(element => [element.outerHTML.slice(0, 120).replace(/\\s+/g, ' '), element.tabIndex]);
}"""
# Which control has the focus (-1: something else, null: nothing), and whether one sees it.
FOCUSED = """() => {
  const {controls, look, unfocused} = window.inspected, active = document.activeElement;
  if (active === null || active === document.body || active === document.documentElement) return null;
  const index = controls.indexOf(active);
  return [index, index < 0 || look(active) !== unfocused[index]];
}"""
UNLABELLED = """() => [...document.querySelectorAll(
  'input:not([type=hidden], [type=submit], [type=button]), select, textarea')]
  .filter(control => control.checkVisibility())
  .filter(control => ![...control.labels].some(label => label.textContent.trim() ||
  label.querySelector('img[alt]')?.alt)
    && !control.ariaLabel?.trim()
    && !(control.getAttribute('aria-labelledby') || '').split(' ').some(id =>
    document.getElementById(id)?.textContent.trim()))
  .map(control => control.outerHTML.slice(0, 120))"""
# The widest culprits, when the page is wider than the window.
SIDEWAYS = """() => document.scrollingElement.scrollWidth <= window.innerWidth ? [] :
  [...document.querySelectorAll('body *')]
    .filter(element => element.getBoundingClientRect().right > window.innerWidth + 0.5)
    .map(element => Math.round(element.getBoundingClientRect().right) + ' px: ' + element.outerHTML.slice(0, 100))
    .slice(0, 8).concat('scrolls sideways: ' + document.scrollingElement.scrollWidth + ' px')"""


def faults(page: "Page") -> list[str]:
    """Tab through the page and return each control that is not reached, not in order, or whose focus is not seen."""
    controls = page.evaluate(PREPARE)
    stops, unseen = _walk(page, limit=4 * len(controls) + 10)
    out_of_order = {after for before, after in pairwise(stops) if after < before}
    return [
        *(f"never reached: {html}" for index, (html, _) in enumerate(controls) if index not in stops),
        *(f"out of order: {html}" for index, (html, tab) in enumerate(controls) if tab > 0 or index in out_of_order),
        *(f"focus not seen: {controls[index][0]}" for index in unseen),
    ]


def unlabelled(page: "Page") -> list[str]:
    """Return the form controls without a label."""
    return page.evaluate(UNLABELLED)


def sideways(page: "Page") -> list[str]:
    """Return what makes the page scroll sideways."""
    return page.evaluate(SIDEWAYS)


def _walk(page: "Page", limit: int) -> tuple[list[int], list[int]]:
    """Press Tab until the focus leaves the page or comes round; return the stops, and those where it is not seen."""
    stops: list[int] = []
    unseen: list[int] = []
    for _ in range(limit):
        page.keyboard.press("Tab")
        focused = page.evaluate(FOCUSED)
        if focused is None or (stops[:1] == [focused[0]] and len(stops) > 1):
            break
        index, seen = focused
        if index >= 0 and stops[-1:] != [index]:
            stops.append(index)
            unseen += [] if seen else [index]
    return stops, unseen
