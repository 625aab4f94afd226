"""The catalogues of reason codes and of their remedies: complete, in one order, in words for people."""

import re

import pytest
from django.template import Context, Template
from django.urls import reverse

from partners.catalogue.reasons import Reason, Stage
from partners.catalogue.remedies import REMEDIES
from partners.catalogue.remedy import Fixer, FixPlace, Retry

EACH = pytest.mark.parametrize("reason", Reason, ids=lambda reason: reason.code)


def test_every_reason_has_its_remedy_in_the_same_order():
    assert [*REMEDIES] == [*Reason]


def test_every_reason_is_found_by_its_code():
    assert [Reason.coded(reason.code) for reason in Reason] == [*Reason]
    with pytest.raises(KeyError):
        Reason.coded("MISSING_BEARER")


def test_the_stages_follow_one_another():
    stages = [reason.stage for reason in Reason]
    assert [*dict.fromkeys(stages)] == [*Stage]
    assert stages == sorted(stages, key=[*Stage].index)


@EACH
def test_a_remedy_reads_as_sentences(reason):
    remedy = REMEDIES[reason]
    assert re.fullmatch(r"[A-Za-z][^.]*[^.\s]", remedy.because)
    for text in (remedy.cause, remedy.how):
        assert re.fullmatch(r"[A-Z].*\.", text)
        assert "  " not in text
    assert len(f"{remedy.because}{remedy.cause}{remedy.how}") < 450


@EACH
def test_the_partner_fixes_what_the_partner_sends(reason):
    remedy = REMEDIES[reason]
    assert (remedy.fixer is Fixer.PARTNER) == (remedy.place is FixPlace.REQUEST)
    assert reason.stage not in (Stage.QUERY, Stage.RESOURCE) or remedy.fixer is Fixer.PARTNER


@EACH
def test_only_faults_of_the_service_and_limits_are_worth_another_try(reason):
    assert (REMEDIES[reason].retry is Retry.NOT_AS_IT_IS) == (reason.status < 500 and reason.status != 429)


@pytest.mark.parametrize("place", [place for place in FixPlace if place.view])
def test_every_place_of_ours_has_a_page(place):
    assert reverse(place.view, args=() if place in (FixPlace.SWITCH, FixPlace.REPLACEMENT) else (1,)).startswith(
        "/admin/"
    )


def written(code) -> str:
    return Template("{% load reasons %}{% reason code %}").render(Context({"code": code}))


@pytest.mark.parametrize("code", ["disabled_key", Reason.DISABLED_KEY])
def test_a_code_is_written_with_a_link(code):
    assert written(code) == '<a class="code" href="/admin/reasons/disabled_key/"><code>disabled_key</code></a>'


def test_a_code_that_is_not_in_the_catalogue_is_written_plainly():
    assert written("<b>") == "<code>&lt;b&gt;</code>"
