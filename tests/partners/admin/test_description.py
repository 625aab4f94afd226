"""The pages where staff describe organizations and keys and comment on them, and where both are shown."""

import pytest

from partners.keys import tokens
from partners.models import Organization
from partners.models.change import Action
from tests.factories import CHANGE, issue
from tests.partners.support.diagnosing import text_of
from tests.partners.support.staff import signed_in

pytestmark = pytest.mark.django_db
GIVEN = {"owner": "Dana Example", "note": "Ask first.", "tags": "Pilot, billing", "reason": "", "ticket": "OPS-7"}
MARKUP = "<script>alert(1)</script>"
ROLES = (None, "Support", "Partner onboarding", "Security")


@pytest.fixture(params=["organization", "apikey"])
def row(request, organization):
    return organization if request.param == "organization" else issue(organization, label="EHR sync")[0]


def timeline_of(row) -> str:
    return page_of(row, "changes" if row._meta.model_name == "organization" else "change")


def page_of(row, page: str = "change") -> str:
    return f"/admin/partners/{row._meta.model_name}/{row.pk}/{page}/"


@pytest.mark.parametrize(("page", "least"), [("describe", "Partner onboarding"), ("comment", "Support")])
@pytest.mark.parametrize("role", ROLES)
def test_each_page_is_for_its_roles_and_offered_only_to_them(row, page, least, role):
    client, may = signed_in(role), ROLES.index(role) >= ROLES.index(least)
    assert client.get(page_of(row, page)).status_code == (200 if may else 403)
    if role:
        shown_on = timeline_of(row) if page == "comment" else page_of(row)
        assert (f'"{page_of(row, page)}"' in client.get(shown_on).text) is may


def test_a_description_is_saved_shown_and_offered_again(onboarding, row):
    answer = onboarding.post(page_of(row, "describe"), GIVEN, follow=True)
    assert answer.redirect_chain == [(page_of(row), 302)]
    assert "Owner, note and tags saved." in answer.text
    assert "Tags: added billing, added pilot" in text_of(onboarding.get(timeline_of(row)))
    list_of = f"/admin/partners/{row._meta.model_name}/"
    for link in ("?owner=Dana%20Example", "?tag=billing", "?tag=pilot"):
        assert f'href="{list_of}{link}"' in answer.text
        assert page_of(row) in onboarding.get(list_of + link).text
    form = onboarding.get(page_of(row, "describe")).text
    for value in ('value="Dana Example"', "Ask first.</textarea>", 'value="billing pilot"'):
        assert value in form
    assert (row.events.first().action, row.events.first().ticket) == (Action.DESCRIPTION_CHANGED, "OPS-7")


def test_the_same_description_changes_nothing_and_says_so(onboarding, row):
    for told in ("Owner, note and tags saved.", "Nothing to change: already up to date."):
        assert told in onboarding.post(page_of(row, "describe"), GIVEN, follow=True).text


@pytest.mark.parametrize(
    ("bad", "told"),
    [
        ({"tags": "a b c d e f g h i j k"}, "Enter at most 10 tags."),
        ({"tags": "100%"}, "Tags are words of letters and digits."),
        ({"owner": "x" * 201}, "at most 200 characters"),
        ({"note": "bell\a"}, "Remove tabs and other control characters."),
        ({"note": tokens.mint(is_test=False).text}, "This text held a token"),
    ],
)
def test_errors_are_shown_and_the_rest_is_kept(onboarding, row, bad, told):
    answer = onboarding.post(page_of(row, "describe"), GIVEN | bad)
    assert told in answer.text
    assert 'value="OPS-7"' in answer.text
    assert row.events.filter(action=Action.DESCRIPTION_CHANGED).count() == 0


def test_a_comment_is_in_the_timeline_with_its_author(support, row):
    answer = support.post(page_of(row, "comment"), {"reason": "They called.\nThey will move."}, follow=True)
    assert answer.redirect_chain == [(timeline_of(row), 302)]
    assert "Comment added." in answer.text
    timeline = text_of(answer).partition("Timeline")[2]
    assert "by Support-person from 127.0.0.1 They called." in timeline
    assert "They called.<br>They will move." in answer.text


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "This field is required."),
        ("x" * 2001, "at most 2000 characters"),
        (f"it is {tokens.mint(is_test=False).text}", "This text held a token"),
    ],
)
def test_a_comment_that_cannot_be_kept_is_refused(support, row, text, told):
    answer = support.post(page_of(row, "comment"), {"reason": text})
    assert told in answer.text
    assert not row.events.filter(action=Action.COMMENTED).exists()


def test_the_record_of_changes_calls_a_comment_one(security, row):
    security.post(page_of(row, "comment"), {"reason": "The partner called."})
    event = row.events.first()
    assert "Comment The partner called." in text_of(security.get(f"/admin/partners/changeevent/{event.pk}/change/"))
    assert "The partner called." in security.get("/admin/partners/changeevent/?kind=notes").text


def test_markup_shows_as_it_is_written(onboarding, row):
    row.describe(CHANGE, owner=MARKUP, note=MARKUP, tags=[])
    onboarding.post(page_of(row, "comment"), {"reason": MARKUP})
    for path in (page_of(row), timeline_of(row), page_of(row, "describe"), f"/admin/partners/{row._meta.model_name}/"):
        page = onboarding.get(path).text
        assert MARKUP not in page
        assert "&lt;script&gt;" in page


def test_organizations_are_filtered_by_owner_and_tag(support, organization):
    organization.describe(CHANGE, owner="Dana Example", note="", tags=["pilot"])
    Organization.create("Another", CHANGE)
    for query, found in (
        ("owner=dana", 1), ("owner=robin", 0), ("tag=Pilot", 1), ("tag=pil", 0), ("owner=dana&tag=billing", 0),
    ):  # fmt: skip
        assert len(support.get(f"/admin/partners/organization/?{query}").context["rows"]) == found
