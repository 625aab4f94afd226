"""Every staff page, wide and narrow, light and dark. Each is opened once at each width: that costs the most."""

import pytest

from tests.browser import axe, inspection, keyboard
from tests.browser.pages import PAGES
from tests.browser.site import NARROW, WIDE
from tests.browser.staff import listed

EVERY_PAGE = pytest.mark.parametrize("each", PAGES, ids=lambda page: page.name)
DIM = "<style>@media (prefers-color-scheme: dark) { body { color: #777; background: #666 } }</style><p>Dim</p>"


@EVERY_PAGE
def test_on_a_phone(look, each):
    page = look(each, width=NARROW)
    found = [
        *inspection.length(page),
        *inspection.broken(page),
        *keyboard.sideways(page),
        *keyboard.unlabelled(page),
        *axe.violations_in_light_and_dark(page),
        *keyboard.faults(page),
    ]
    assert not found, listed(page, found)


@EVERY_PAGE
def test_at_a_desk(look, each):
    page = look(each, width=WIDE)
    found = [
        *inspection.sizes(page),
        *inspection.broken(page),
        *axe.violations_in_light_and_dark(page),
        *keyboard.faults(page),
    ]
    assert not found, listed(page, found)


def test_the_rules_are_those_of_wcag_2_2(planted):
    page = planted("<h1>Planted</h1><a href='#a'>1</a><a href='#b'>2</a><a href='#c'>3</a>")
    assert any(line.startswith("target-size") for line in axe.violations(page))


def test_what_is_wrong_in_the_dark_only_is_found(planted):
    page = planted(f"<main><h1>Planted</h1>{DIM}</main>")
    found = axe.violations_in_light_and_dark(page)
    assert found
    assert all(line.startswith("in the dark: color-contrast") for line in found)
    assert axe.violations(page) == []


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


def test_a_page_that_is_too_long_is_found(planted):
    assert inspection.length(planted(f"<p style='height: {inspection.LONGEST}px'>long</p>"))
    assert not inspection.length(planted("<p>short</p>"))


def test_a_fifth_size_is_found(planted):
    sizes = [f"<p style='font-size: {size}px'>{size}</p>" for size in range(10, 11 + inspection.MOST_SIZES)]
    assert len(inspection.sizes(planted("".join(sizes)))) == inspection.MOST_SIZES + 1
    assert not inspection.sizes(planted("".join(sizes[1:])))


@pytest.mark.parametrize(
    ("body", "found"),
    [
        ("<table style='width: 300px'><tr><td>{}<td style='width: 100%'></table>", True),
        ("<p style='width: 60px'>{}</p>", False),
        ("<p style='width: 300px'>{}</p>", False),
    ],
)
def test_an_id_that_is_broken_where_there_is_room_is_found(planted, body, found):
    id_ = "<code style='overflow-wrap: anywhere'>req_0123456789</code>"
    assert bool(inspection.broken(planted(f"<main>{body.format(id_)}</main>"))) is found
