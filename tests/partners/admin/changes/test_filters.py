"""The filters of the list of changes: what each shows, how it is written into the URL, and what cannot be read."""

from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone

from partners.admin.changes.filters import ChangeFilter
from partners.models.change import Action
from tests.factories import OrganizationFactory, issue
from tests.partners.support import aged
from tests.partners.support.diagnosing import text_of

pytestmark = pytest.mark.django_db
LIST = "/admin/partners/changeevent/"
DAY = timedelta(days=1)


@pytest.fixture
def changes():
    """Changes of two partners and of a person, by name. What the factories record is of `tester`."""
    ours, theirs = (issue(OrganizationFactory(name=name), label=f"{name} sync")[0] for name in ("Lakeside", "Hillside"))

    def change(by, action, key=None, days=0.0, **values):
        about = {"api_key": key, "organization": key.organization} if key else {}
        return aged.change(timezone.now() - days * DAY, by=by, action=action, **about, **values)

    return {
        "revoked": change("ada", Action.KEY_REVOKED, ours, ticket="OPS-7"),
        "issued": change("Ada", Action.KEY_ISSUED, theirs, days=5),
        "old": change("bob", Action.KEY_REVOKED, theirs, days=20),
        "contact": aged.change(timezone.now() - 60 * DAY, by="bob", organization=ours.organization),
        "role": change("bob", Action.ROLES_CHANGED, days=2, after={"username": "adele", "groups": []}),
        "signed in": change("ada", Action.SIGNED_IN, days=1),
    }


EVERYTHING = {"revoked", "issued", "old", "contact", "role", "signed in"}


@pytest.mark.parametrize(
    ("query", "shown"),
    [
        ("", EVERYTHING),
        ("time=all", EVERYTHING),
        ("time=today", {"revoked"}),
        ("time=7d", EVERYTHING - {"old", "contact"}),
        ("time=30d", EVERYTHING - {"contact"}),
        ("time=own", EVERYTHING),
        ("person=ada", {"revoked", "issued", "signed in"}),
        ("person=ad", set()),
        ("person=bob&kind=users", {"role"}),
        ("organization=hill", {"issued", "old"}),
        ("organization={organization}", {"issued", "old"}),
        ("key={key}", {"revoked"}),
        ("key={key}&organization=Hillside", set()),
        ("kind=key_revoked", {"revoked", "old"}),
        ("kind=keys", {"revoked", "issued", "old"}),
        ("kind=keys&time=7d&person=ada", {"revoked", "issued"}),
        ("kind=work", EVERYTHING - {"signed in"}),
        ("q=OPS-7", {"revoked"}),
        ("q=ops", {"revoked"}),
        ("q=ada", {"revoked", "issued", "signed in"}),
        ("q=adele", {"role"}),
        ("q=lakeside", {"revoked", "contact"}),
        ("q=side", {"revoked", "issued", "old", "contact"}),
        ("q=SYNC+hill", {"issued", "old"}),
        ("q={key}", {"revoked"}),
        ("q={part}", {"revoked"}),
        ("q=ch_sk_{part}…", {"revoked"}),
        ("q={start}", {"revoked"}),
        ("q={organization}", {"issued", "old"}),
        ("q={organization}&key={key}", set()),
        ("q={key}&organization=lakeside", {"revoked"}),
        ("q={part}&key={key}", {"revoked"}),
        ("q=nobody", set()),
        ("q=?", set()),
    ],
)
def test_a_filter_shows_what_it_says(security, changes, query, shown):
    key, theirs = changes["revoked"].api_key, changes["old"].organization
    given = query.format(
        organization=theirs.public_id, key=key.public_id, part=key.public_part, start=key.public_part[:6]
    )
    found = {event.pk for _, events in security.get(f"{LIST}?{given}").context["days"] for event in events}
    assert {name for name, event in changes.items() if event.pk in found} == shown


@pytest.mark.parametrize(
    ("query", "hours"),
    [
        ("start=2026-05-25", [0, 23, 24]),
        ("end=2026-05-25", [-1, 0, 23]),
        ("start=2026-05-25&end=2026-05-25", [0, 23]),
        ("end=9999-12-31", [-1, 0, 23, 24]),
    ],
)
def test_days_are_whole_days_of_utc(security, query, hours):
    midnight = datetime(2026, 5, 25, tzinfo=UTC)
    made = {aged.change(midnight + timedelta(hours=hour)).pk: hour for hour in (-1, 0, 23, 24)}
    days = security.get(f"{LIST}?time=own&{query}").context["days"]
    assert [made[event.pk] for _, events in days for event in events if event.pk in made] == hours[::-1]


@pytest.mark.parametrize(
    ("query", "told"),
    [
        ("organization=nowhere", "There is no organization with this name. Check the spelling."),
        ("key=nothing", "Enter a key_… id or a 12-character public part."),
        ("kind=nothing", "Select a valid choice."),
        ("time=nothing", "Select a valid choice."),
        ("time=own&start=today", "Enter a valid date."),
        ("time=own&start=2026-05-26&end=2026-05-25", "The last day can't be before the first."),
        ("q=" + "a" * 201, "at most 200 characters"),
    ],
)
def test_what_cannot_be_read_is_shown_beside_its_field_and_finds_nothing(security, changes, query, told):
    page = security.get(f"{LIST}?{query}")
    assert told in text_of(page)
    assert 'class="rows' not in page.text
    assert "No change matches" not in page.text


def test_the_url_has_ids_and_the_page_has_names(security, changes):
    key, organization = changes["revoked"].api_key, changes["old"].organization
    given = {"q": key.public_part, "organization": "hill", "kind": "keys", "time": "own", "start": "2026-01-31"}
    answer = security.post(LIST, given)
    assert answer.status_code == 302
    address = f"organization={organization.public_id}&key={key.public_id}&kind=keys&time=own&start=2026-01-31"
    assert answer["Location"] == f"{LIST}?{address}"
    page = security.get(answer["Location"]).text
    assert 'value="Hillside"' in page
    assert f'value="ch_sk_{key.public_part}…"' in page


@pytest.mark.parametrize("field", ["q", "person", "organization", "key"])
def test_no_token_gets_into_a_url_or_onto_the_page(security, field):
    token = issue(OrganizationFactory())[1]
    for answer in (security.post(LIST, {field: f"see {token}"}), security.get(LIST, {"q": token})):
        secret = token[18:-6]
        assert secret not in answer.text + answer.get("Location", "")
        assert answer.status_code == 200


def test_fields_keep_their_order():
    assert [*ChangeFilter().fields] == ["q", "person", "organization", "key", "kind", "time", "start", "end"]
