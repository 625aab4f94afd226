"""Every staff page: accessible, light and dark, wide and narrow."""

import pytest

from tests.browser import axe, keyboard
from tests.browser.pages import PAGES
from tests.browser.site import NARROW, WIDE
from tests.browser.staff import listed

EVERY_PAGE = pytest.mark.parametrize("each", PAGES, ids=lambda page: page.name)
EVERY_WIDTH = pytest.mark.parametrize("width", [NARROW, WIDE])


@EVERY_PAGE
@EVERY_WIDTH
@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_axe_finds_nothing(look, each, width, dark):
    page = look(each, width=width, dark=dark)
    found = axe.violations(page)
    assert not found, listed(page, found)


@EVERY_PAGE
@EVERY_WIDTH
def test_the_keyboard_reaches_every_control_in_order(look, each, width):
    page = look(each, width=width)
    found = keyboard.faults(page)
    assert not found, listed(page, found)


@EVERY_PAGE
def test_every_control_is_labelled(look, each):
    page = look(each, width=NARROW)
    found = keyboard.unlabelled(page)
    assert not found, listed(page, found)


@EVERY_PAGE
def test_nothing_scrolls_sideways(look, each):
    page = look(each, width=NARROW)
    found = keyboard.sideways(page)
    assert not found, listed(page, found)


def test_the_rules_are_those_of_wcag_2_2(planted):
    page = planted("<h1>Planted</h1><a href='#a'>1</a><a href='#b'>2</a><a href='#c'>3</a>")
    assert any(line.startswith("target-size") for line in axe.violations(page))


@pytest.mark.parametrize(
    ("body", "fault"),
    [
        ("<a href='#1' tabindex='2'>one</a><a href='#2' tabindex='1'>two</a>", "out of order"),
        ("<a href='#1' style='outline: none'>one</a>", "focus not seen"),
        ("<button>a</button><button onfocus='this.blur()'>b</button><button>c</button>", "never reached"),
    ],
)
def test_a_fault_by_keyboard_is_found(planted, body, fault):
    assert any(fault in line for line in keyboard.faults(planted(body)))


def test_a_control_without_a_label_is_found(planted):
    page = planted("<label>Named <input></label><input aria-label='Named too'><input placeholder='Not a label'>")
    assert [line for line in keyboard.unlabelled(page) if "Not a label" not in line] == []
    assert len(keyboard.unlabelled(page)) == 1


def test_what_scrolls_sideways_is_found(planted):
    assert "508 px" in keyboard.sideways(planted("<p style='width: 500px'>wide</p>"))[-1]
