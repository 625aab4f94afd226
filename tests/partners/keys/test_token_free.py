"""The field of a form to type in first."""

import pytest
from django import forms
from django.http import QueryDict

from partners.keys.token_free import TokenFreeForm


class Asked(TokenFreeForm):
    """A form whose first field is required, and whose second isn't."""

    person = forms.CharField()
    since = forms.DateField(required=False)
    reason = forms.CharField()


@pytest.mark.parametrize(
    ("initial", "first"),
    [
        ({}, "person"),
        ({"person": "ada"}, ""),
        ({"person": "ada", "since": "2026-05-25"}, "reason"),
        ({"person": "ada", "since": "2026-05-25", "reason": "asked"}, ""),
    ],
)
def test_one_types_first_into_a_required_field_or_into_none(initial, first):
    assert Asked(initial=initial).focus == first


def test_after_an_error_one_types_first_into_the_field_with_it():
    assert Asked(QueryDict("person=ada&since=never&reason=asked")).focus == "since"
    assert Asked(QueryDict("person=ada")).focus == "reason"
