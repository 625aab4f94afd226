"""How a recorded change is told: in words, with what was so before."""

import pytest
from django.template.loader import render_to_string

from partners.catalogue.routes import Route, Scope
from partners.models import ChangeEvent
from partners.models.change import Action, Change
from partners.templatetags.timeline import RecordedValue, differences, recorded_values
from tests.factories import CHANGE, issue

TOLD = [
    ({}, {}, []),
    ({}, {"name": "Invented"}, ["Name: Invented"]),
    ({}, {"note": "Ask first. Then call.", "name": "A"}, ["Note: Ask first. Then call", "Name: A"]),
    ({"state": "active"}, {"state": "revoked"}, ["State: active → revoked"]),
    ({"state": "active"}, {"state": "active"}, []),
    ({}, {"expires_at": None}, ["Expires: no end date"]),
    (
        {"expires_at": None},
        {"expires_at": "2027-05-25T16:30:00+02:00"},
        ["Expires: no end date → 2027-05-25 14:30 UTC"],
    ),
    ({}, {"until": "2026-12-29T02:59:22.575621Z"}, ["Until: 2026-12-29 02:59 UTC"]),
    ({}, {"until": None}, ["Until: no end date"]),
    ({}, {"note": "from 2026-12-29T02:59:22Z on"}, ["Note: from 2026-12-29T02:59:22Z on"]),
    ({"allowlisted": False}, {"allowlisted": True}, ["Allowlisted: no → yes"]),
    ({"enabled": True}, {"enabled": False}, ["API-key authentication: on → off"]),
    ({"scopes": ["a", "b"]}, {"scopes": ["b", "c"]}, ["Scopes: added c, removed a"]),
    ({}, {"scopes": ["a", "b"]}, ["Scopes: a, b"]),
    ({}, {"routes": []}, ["Routes: none"]),
    ({"contact_name": ""}, {"contact_name": "Ada"}, ["Contact: none → Ada"]),
    ({"some_number": 1}, {"some_number": 2}, ["Some number: 1 → 2"]),
    ({"some_number": None}, {"some_number": ["x"]}, ["Some number: none → x"]),
]


@pytest.mark.parametrize(("before", "after", "told"), TOLD)
def test_a_difference_is_told(before, after, told):
    assert differences(ChangeEvent(before=before, after=after)) == told


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        ({"state": "active"}, {"state": "revoked"}, [RecordedValue("State", "active", "revoked")]),
        ({"state": "active"}, {"state": "active"}, []),
        ({"name": "A", "state": "on"}, {"name": "A", "state": "off"}, [RecordedValue("State", "on", "off")]),
        ({}, {"groups": ["Support"]}, [RecordedValue("Roles", "", "Support")]),
        ({"routes": []}, {}, [RecordedValue("Routes", "none", "")]),
    ],
)
def test_only_what_a_change_altered_is_told_before_and_after(before, after, told):
    assert recorded_values(ChangeEvent(before=before, after=after)) == told


def told_of(organization, **options) -> str:
    return render_to_string("partners/_timeline.html", {"events": organization.events.all(), **options})


def test_who_what_when_and_why_are_told(organization):
    organization.set_access(
        Change(by="maria", source="198.51.100.7", reason="Agreed\ntoday", ticket="OPS-7"), allowlisted=False
    )
    text = told_of(organization)
    for words in (
        Action.ACCESS_CHANGED.label,
        "just now",
        "maria from 198.51.100.7",
        "Agreed<br>today",
        "Ticket OPS-7",
    ):
        assert words in text
    assert "Allowlisted: yes → no" in text


@pytest.mark.django_db
def test_nothing_recorded_is_said():
    assert "No changes are recorded." in render_to_string("partners/_timeline.html", {"events": []})


@pytest.mark.parametrize("shown", [True, False])
def test_the_key_is_named_where_it_is_asked_for(organization, shown):
    key = issue(organization, label="Nightly")[0]
    assert (f"/admin/partners/apikey/{key.pk}/" in told_of(organization, show_key=shown)) is shown


def test_markup_in_what_is_recorded_is_shown_as_text(organization):
    markup = "<script>alert(1)</script>"
    change = Change(by=markup, source=markup, reason=markup, ticket=markup)
    organization.set_contact(change, name=markup, email="")
    issue(organization, label=markup, scopes=[Scope.ENCOUNTERS_READ])
    organization.set_access(CHANGE, disable=[Route.ENCOUNTERS_LIST])
    assert "<script>" not in told_of(organization, show_key=True)
