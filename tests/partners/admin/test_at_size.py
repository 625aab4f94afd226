"""Every page of the staff over few rows and over many: the same statements, and none that counts a whole table."""

import re
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from partners.admin.lists import paging
from partners.models import ApiKey, RequestRecord
from tests.encounters.support.restricted import restrict
from tests.factories import DocumentFactory, EncounterFactory, OrganizationFactory, issue
from tests.partners.support.calls import called, met, unkeyed_calls, used
from tests.partners.support.staff import statements

KEYS, REQUESTS, CHANGES = ("/admin/partners/apikey/", "/admin/partners/requestrecord/", "/admin/partners/changeevent/")
ORGANIZATIONS, ENCOUNTERS = "/admin/partners/organization/", "/admin/encounters/encounter/"
RESTRICTIONS = "/admin/encounters/restriction/"
LISTS = [
    "/admin/",
    *(KEYS + query for query in ("", "?state=active", "?scope=patients:read", "?used=idle", "?q=Invented&p=1")),
    *(KEYS + query for query in ("?o=-used", "?expires=90&o=expires", "?route=encounters.list&allowlisted=yes")),
    *(ORGANIZATIONS + query for query in ("", "?show=nothing", "?q=Invented", "?used=idle&o=-name")),
    *(REQUESTS + query for query in ("", "?code=refused&time=all", "?route=encounters.list", "?status=422")),
    *(
        CHANGES + query
        for query in ("", "?kind=key_issued", "?kind=work&person=tester", "?q=tester", "?q=Invented&time=7d")
    ),
    *(ENCOUNTERS + query for query in ("", "?record_class=clinical", "?organization=invented")),
    *(RESTRICTIONS + query for query in ("", "?state=due", "?organization=invented")),
    "/admin/auth/user/",
]

pytestmark = pytest.mark.django_db


def grow(number):
    """Add that many organizations, each with a key, its calls and an encounter."""
    for at in range(number):
        key = used(issue(OrganizationFactory())[0], days=100)
        issue(OrganizationFactory(routes=[]), expires_at=key.created_at + timedelta(days=3))
        called(key, times=3)
        called(key, "invalid_limit", times=2)
        unkeyed_calls(
            "invalid_key", source=f"203.0.113.{at}", public_part=key.public_part, ago=timedelta(minutes=number)
        )
        document = DocumentFactory(encounter=EncounterFactory(organization=key.organization))
        for subject in (document, document.encounter, document.encounter.patient):
            restrict(subject)


def grow_one(key, number):
    """Give one key, and its organization, so much more of everything."""
    for at in range(number):
        called(key, times=3)
        called(key, "invalid_limit", times=2)
        met(key, f"198.51.{at + number}.0/24", ago=timedelta(hours=at))
        issue(key.organization)


def pages_of(key: ApiKey) -> list[str]:
    record = RequestRecord.objects.filter(api_key=key).earliest("pk")
    filters = f"?time=all&key={key.public_id}", f"?time=all&organization={key.organization.public_id}"
    return [
        f"{KEYS}{key.pk}/change/",
        *(f"{ORGANIZATIONS}{key.organization_id}/{part}/" for part in ("change", "access", "keys", "calls", "changes")),
        f"{REQUESTS}{record.request_id}/",
        *(f"{CHANGES}?{query}" for query in (f"q={key.public_id}", f"organization={key.organization.public_id}")),
        *(REQUESTS + query for query in filters),
    ]


def test_the_statements_of_a_list_do_not_grow_with_it(admin_client):
    grow(1)
    few = {path: statements(admin_client, path) for path in LISTS}
    grow(11)
    assert {path: statements(admin_client, path) for path in LISTS} == few
    most = {"sqlite": 34, "postgresql": 37}[connection.vendor]  # the months of the ledger are three
    assert few.pop("/admin/") <= most, "Home asks one question of each kind of work"
    assert max(few.values()) <= 11


def test_the_statements_of_a_page_do_not_grow_with_what_it_shows(admin_client):
    grow(1)
    key = ApiKey.objects.filter(last_used_at__isnull=False).get()
    grow_one(key, 1)
    few = {path: statements(admin_client, path) for path in pages_of(key)}
    grow_one(key, 12)
    assert {path: statements(admin_client, path) for path in pages_of(key)} == few
    assert few.pop(f"{KEYS}{key.pk}/change/") <= 28, "the page of a key tells all about it"
    assert max(few.values()) <= 20


@pytest.mark.parametrize("path", LISTS)
def test_no_list_counts_a_whole_table(admin_client, path):
    grow(1)
    with CaptureQueriesContext(connection) as captured:
        assert admin_client.get(path).status_code == 200
    counts = [each["sql"] for each in captured if re.match(r"SELECT COUNT\(", each["sql"])]
    assert [sql for sql in counts if " LIMIT " not in sql] == []


@pytest.fixture
def short(monkeypatch):
    """Count up to three rows, and filter the newest two."""
    monkeypatch.setattr(paging, "COUNTED", 3)
    monkeypatch.setattr(paging, "LOOKED_AT", 2)


@pytest.mark.parametrize(("number", "shown"), [(1, "1 key,"), (3, "3 keys,"), (4, "3+ keys,")])
def test_keys_are_counted_as_far_as_they_are_turned_over(short, support, organization, number, shown):
    for _ in range(number):
        issue(organization)
    assert shown in support.get(KEYS).text


def test_every_counted_row_has_a_page(short, support, organization, monkeypatch):
    monkeypatch.setattr("partners.admin.keys.admin.ApiKeyAdmin.list_per_page", 2)
    for number in range(5):
        issue(organization, label=f"Integration {number}")
    first, second = (support.get(KEYS, {"p": page}).text for page in (1, 2))
    assert ("Page 1 of 2" in first, "Page 2 of 2" in second) == (True, True)
    assert ["Integration 3<" in first, "Integration 2<" in second, "Integration 1<" in second] == [True, True, False]


def test_a_filter_of_encounters_looks_at_the_newest_and_says_so(short, security, organization):
    demo, *others = [
        EncounterFactory(organization=organization, record_class=name) for name in ("demo", "clinical", "demo")
    ]
    page = security.get(f"{ENCOUNTERS}?record_class=demo").text
    assert demo.public_id not in page
    assert others[-1].public_id in page
    assert "among the newest 2" in page


def test_without_a_filter_all_encounters_are_there(short, security, organization):
    found = [EncounterFactory(organization=organization).public_id for _ in range(3)]
    page = security.get(ENCOUNTERS).text
    assert all(public_id in page for public_id in found)
    assert "among the newest" not in page
