"""The charts on Home, on the pages of keys and organizations, and in their lists."""

import re
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client
from django.utils import timezone

from partners.models import RequestRecord
from partners.models.change import Action
from partners.usage import counting, reading
from tests.factories import OrganizationFactory, issue
from tests.partners.support.aged import change
from tests.partners.support.calls import called
from tests.partners.support.staff import ORGANIZATIONS, page_of, statements

pytestmark = pytest.mark.django_db
KEYS, HOME = "/admin/partners/apikey/", "/admin/"
DAY = timedelta(days=1)
each = pytest.mark.parametrize("name", ["home", "key", "organization"])
lists = pytest.mark.parametrize("path", [KEYS, ORGANIZATIONS])


def page(name, key) -> str:
    return {"home": HOME, "key": f"{KEYS}{key.pk}/change/", "organization": page_of(key.organization, "calls")}[name]


def seen(client, path) -> str:
    """Return the page, its blanks made one."""
    return re.sub(r"\s+", " ", client.get(path).text)


def rows(text) -> list[list[str]]:
    """Return the cells of the table behind the chart, without their links."""
    table = text.split('<table class="rows usage">')[1].split("</table>")[0].split("<tbody>")[1]
    cells = [re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row) for row in table.split("</tr>")[:-1]]
    return [[re.sub(r"<[^>]+>", "", cell).strip() for cell in row] for row in cells]


@each
@pytest.mark.parametrize(("span", "bars"), [("", 28), ("24h", 24), ("7d", 28), ("30d", 30)])
def test_a_chart_shows_each_span_with_a_table_behind_it(support, name, key, span, bars):
    called(key, times=1_200, every=timedelta(milliseconds=1)), called(key, "invalid_limit", times=3)
    text = seen(support, f"{page(name, key)}?usage={span}")
    assert text.count("<span>1,200 served</span> <span>3 refused</span>") == 3
    assert f'href="?usage={span or "7d"}#usage" aria-current="true"' in text
    found = rows(text)
    assert len(found) == text.count('class="place"') == bars
    assert [sum(int(row[at].replace(",", "")) for row in found) for at in (1, 2)] == [1_200, 3]
    assert text.count('class="served" x=') in (1, 2)


@each
def test_a_row_leads_to_its_calls(support, name, key):
    called(key, times=2, ago=3 * DAY), called(key, "invalid_limit", ago=3 * DAY)
    address = re.search(r'<th scope="row"> <a href="([^"]+)"', seen(support, page(name, key)))[1].replace("&amp;", "&")
    asked = parse_qs(urlsplit(address).query)
    assert (
        RequestRecord.objects.filter(
            occurred_at__gte=f"{asked['start'][0]}Z", occurred_at__lt=f"{asked['end'][0]}Z"
        ).count()
        == 3
    )
    assert seen(support, address).count('<table class="rows stacked compact calls">') == 1


@each
def test_changes_are_marked_and_named_in_the_table(support, name, key):
    called(key, times=2)
    for action in (Action.KEY_ROTATED, Action.SCOPES_CHANGED):
        change(timezone.now() - 2 * DAY, action=action, api_key=key, organization=key.organization)
    change(timezone.now() - 4 * DAY, action=Action.KEY_REVOKED, api_key=key, organization=key.organization)
    text = seen(support, page(name, key))
    assert re.findall(r'<g class="mark"><title>([A-Za-z ]+), .*?>(\w)</text></g>', text) == [
        ("Key revoked", "X"),
        ("Key rotated", "2"),
    ]
    assert '<span class="letter">S</span> Scopes changed' in text
    changes = [row[3] for row in rows(text) if row[3]]
    assert ["Key rotated" in changes[0], "Scopes changed" in changes[0], "Key revoked" in changes[1]] == [True] * 3
    assert (key.public_part in changes[0]) == (name != "key")


@each
def test_people_who_may_not_see_requests_see_no_chart(name, key):
    user = User.objects.create_user("somebody", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=["view_apikey", "view_organization"]))
    client = Client()
    client.force_login(user)
    called(key)
    for path in (page(name, key), KEYS, ORGANIZATIONS):
        text = client.get(path).text
        assert ['class="spans"' in text, "in 7 days" in text, 'class="small-chart"' in text] == [False] * 3


@lists
def test_a_row_of_a_list_has_its_calls(support, key, path):
    called(key, times=1_200, every=timedelta(milliseconds=1), ago=2 * DAY), called(key, "invalid_limit", times=3)
    issue(OrganizationFactory())
    text = seen(support, path)
    assert re.findall(r"<span>([\d,]+ \w+)</span>", text.split("<tbody>")[1]) == ["1,200 served", "3 refused"]
    assert text.count('data-label="7 days" class="headed"> <span class="soft">None</span>') == 1


@lists
def test_a_list_without_rows_has_no_charts(support, path):
    assert "Calls in 7 days" not in support.get(f"{path}?q=nowhere").text


def test_a_file_of_keys_needs_no_counts(support, key, monkeypatch):
    monkeypatch.setattr(reading, "read", None)
    assert support.post(f"{KEYS}export/").status_code == 200


@pytest.mark.parametrize("name", ["home", "key", "organization", "keys", "organizations"])
def test_every_page_says_if_calls_are_not_counted_yet(support, name, key, monkeypatch):
    path = {"keys": KEYS, "organizations": ORGANIZATIONS}.get(name) or page(name, key)
    called(key, times=2)
    assert "not counted yet" not in seen(support, path)
    monkeypatch.setattr(reading, "READ", 1)
    assert "<strong>2 calls are not counted yet.</strong>" in seen(support, path)
    counting.count()
    assert "not counted yet" not in seen(support, path)


@pytest.mark.parametrize("name", ["home", "key", "organization", "keys", "organizations"])
def test_the_statements_do_not_depend_on_what_is_counted(support, name, key):
    path = {"keys": KEYS, "organizations": ORGANIZATIONS}.get(name) or page(name, key)
    called(key, times=3), called(key, "invalid_limit")
    before = statements(support, path)
    called(key, "invalid_limit", times=40, every=timedelta(hours=4))
    counting.count()
    called(key, times=40)
    for number in range(60):
        change(timezone.now() - number * timedelta(hours=3), action=Action.KEY_ROTATED, api_key=key)
    assert statements(support, path) == before
