"""The catalogue of routes: which of them staff enable."""

import pytest

from partners.catalogue.routes import Route


def test_staff_enable_every_route_that_requires_a_scope_and_no_other():
    assert [*Route.grantable()] == [route for route in Route if route.scopes]
    assert [route for route in Route if route.is_open] == [Route.KEY_READ]


def test_every_route_is_found_by_its_name():
    assert [Route.named(route.route_name) for route in Route] == [*Route]
    with pytest.raises(KeyError):
        Route.named("KEY_READ")
