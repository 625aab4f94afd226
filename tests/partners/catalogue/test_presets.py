"""Presets: derived from the catalogue, and offered as far as the enabled routes allow."""

import pytest

from partners.catalogue.presets import Preset, offered
from partners.catalogue.routes import Route, Scope

READS = (Scope.ENCOUNTERS_READ, Scope.PATIENTS_READ, Scope.DOCUMENTS_READ)
ENCOUNTERS, ALL = (Route.ENCOUNTERS_LIST, Route.ENCOUNTERS_DETAIL), Route.grantable()
LISTS = (*ENCOUNTERS, Route.CHANGES_LIST)
DOCUMENTS = (*ENCOUNTERS, Route.DOCUMENTS_DETAIL, Route.DOCUMENTS_TRANSCRIPT, Route.CHANGES_LIST)


def test_each_preset_has_the_routes_of_the_one_before_and_the_last_has_all():
    assert [preset.routes for preset in Preset] == [LISTS, DOCUMENTS, ALL]


@pytest.mark.parametrize(
    ("routes", "expected"),
    [
        (ALL, [(Preset.ENCOUNTERS, LISTS), (Preset.DOCUMENTS, DOCUMENTS), (Preset.RECORDINGS, ALL)]),
        (LISTS, [(Preset.ENCOUNTERS, LISTS)]),
        (DOCUMENTS, [(Preset.ENCOUNTERS, LISTS), (Preset.DOCUMENTS, DOCUMENTS)]),
        ((Route.DOCUMENTS_AUDIO,), [(Preset.RECORDINGS, (Route.DOCUMENTS_AUDIO,))]),
        ((), []),
    ],
)
def test_by_routes_each_preset_opens_more_than_the_one_before(routes, expected):
    assert [(each.preset, each.routes) for each in offered(routes, by_routes=True)] == expected


@pytest.mark.parametrize(
    ("routes", "expected"),
    [
        (ALL, [(Preset.DOCUMENTS, READS), (Preset.RECORDINGS, tuple(Scope))]),
        (LISTS, [(Preset.ENCOUNTERS, READS)]),
        ((Route.DOCUMENTS_DETAIL,), [(Preset.DOCUMENTS, (Scope.ENCOUNTERS_READ, Scope.DOCUMENTS_READ))]),
    ],
)
def test_by_scopes_the_largest_preset_says_what_they_open(routes, expected):
    assert [(each.preset, each.scopes) for each in offered(routes, by_routes=False)] == expected
