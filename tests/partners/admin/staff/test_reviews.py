"""Access reviews as Security signs them off: who may, what is shown, and what is kept."""

import hashlib
import re

import pytest
from django.contrib.auth.models import Group, User

from partners.models import AccessReview, ChangeEvent
from partners.models.change import Action
from tests.factories import CHANGE, OrganizationFactory, issue
from tests.partners.support.calls import used
from tests.partners.support.staff import make_stale, signed_in, statements

pytestmark = pytest.mark.django_db
PAGE = "/admin/access-reviews/"
GIVEN = {"reason": "looked at all", "ticket": "T-1"}


def seen(client) -> dict[str, str]:
    """Return what the form sends back of the page as it is now."""
    return GIVEN | {"seen": re.search(r'name="seen" value="(\w+)"', client.get(PAGE).text)[1]}


def signed(client) -> AccessReview:
    assert client.post(PAGE, seen(client)).status_code == 302
    return AccessReview.objects.get()


@pytest.mark.parametrize(
    ("role", "status"), [(None, 403), ("Support", 403), ("Partner onboarding", 403), ("Security", 200)]
)
def test_only_security_may_look_and_sign(role, status):
    client = signed_in(role)
    assert client.get(PAGE).status_code == client.post(PAGE, GIVEN).status_code == status
    assert (PAGE in client.get("/admin/").text) == (status == 200)


def test_who_has_access_is_shown(security, key):
    text = security.get(PAGE).text
    for words in ("Security-person", key.organization.name, "encounters.list", key.label, "patients:read", "never"):
        assert words in text


def test_a_review_is_kept_as_it_was_signed(security, key):
    review = signed(security)
    assert (review.reviewed_by, review.note) == ("Security-person", "looked at all")
    key.revoke(CHANGE)
    text = security.get(f"{PAGE}{review.pk}/").text
    for words in (key.label, key.quotable, review.digest, "looked at all", "Security-person"):
        assert words in text
    assert f"{PAGE}{review.pk}/" in security.get(PAGE).text


def test_the_file_has_the_digest_that_is_on_record(security, key):
    review = signed(security)
    answer = security.get(f"{PAGE}{review.pk}/file/")
    event = ChangeEvent.objects.get(action=Action.ACCESS_REVIEWED)
    assert hashlib.sha256(answer.content).hexdigest() == event.after["sha256"]
    assert answer.headers["Content-Disposition"].startswith('attachment; filename="access-review-')


def test_what_changed_since_the_page_was_shown_is_not_signed(security, key):
    given = seen(security)
    key.disable(CHANGE)
    page = security.post(PAGE, given)
    assert "Access changed since this page was shown" in page.text
    assert not AccessReview.objects.exists()
    assert security.post(PAGE, GIVEN | {"seen": page.context["seen"]}).status_code == 302


def test_a_use_is_no_change(security, key):
    given = seen(security)
    used(key, minutes=1)
    User.objects.update(last_login="2026-05-25T14:00:00Z")
    assert security.post(PAGE, given).status_code == 302


def test_a_review_takes_a_note_and_a_fresh_password(security):
    assert "This field is required" in security.post(PAGE, seen(security) | {"reason": ""}).text
    given = seen(security)
    make_stale(security)
    assert "Confirm your password" in security.post(PAGE, given).text
    assert not AccessReview.objects.exists()


def test_the_page_takes_as_many_statements_for_many_as_for_one(security, key):
    one = statements(security, PAGE)
    for number in range(3):
        issue(OrganizationFactory(), label=f"System {number}")
        User.objects.create_user(f"person {number}", is_staff=True).groups.add(Group.objects.get(name="Support"))
    assert statements(security, PAGE) == one <= 27


def test_home_reminds_of_a_review_that_is_due(security, monkeypatch):
    assert "An access review is due" not in security.get("/admin/").text
    monkeypatch.setattr(AccessReview, "is_due", lambda: True)
    assert "An access review is due" in security.get("/admin/").text
    assert "More than a quarter has passed" in security.get(PAGE).text
    assert "An access review is due" not in signed_in("Support").get("/admin/").text
