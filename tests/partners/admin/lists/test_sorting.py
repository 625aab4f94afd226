"""The orders of the lists: by each column both ways, the same on both databases, kept with filters and pages."""

import re
from datetime import timedelta

import pytest
from django.utils import timezone

from partners.admin.keys import listing
from tests.factories import OrganizationFactory, issue
from tests.partners.support.calls import used
from tests.partners.support.staff import ORGANIZATIONS

pytestmark = pytest.mark.django_db
KEYS = "/admin/partners/apikey/"


@pytest.fixture
def rows(settings):
    """Three keys and their organizations. One key is of none, never expires and was never used."""
    settings.KEY_LONGEST_LIFETIME_DAYS = 0
    now = timezone.now()
    for name, label, days, ago in (("beta", "Zulu", 9, 1), ("Alpha", "yankee", 5, 8)):
        key, _ = issue(OrganizationFactory(name=name), label=label, expires_at=now + timedelta(days=days))
        used(key, days=ago)
    issue(None, label="X-ray")


def labels(client, query) -> list[str]:
    return [key.label for key in client.get(f"{KEYS}?{query}").context["cl"].result_list]


@pytest.mark.parametrize(
    ("order", "shown"),
    [
        ("", ["X-ray", "yankee", "Zulu"]),
        ("issued", ["Zulu", "yankee", "X-ray"]),
        ("label", ["X-ray", "yankee", "Zulu"]),
        ("-label", ["Zulu", "yankee", "X-ray"]),
        ("organization", ["X-ray", "yankee", "Zulu"]),
        ("-organization", ["Zulu", "yankee", "X-ray"]),
        ("used", ["X-ray", "yankee", "Zulu"]),
        ("-used", ["Zulu", "yankee", "X-ray"]),
        ("expires", ["yankee", "Zulu", "X-ray"]),
        ("-expires", ["X-ray", "Zulu", "yankee"]),
        ("digest", ["X-ray", "yankee", "Zulu"]),
        ("organization__name", ["X-ray", "yankee", "Zulu"]),
    ],
)
def test_keys_are_sorted_by_a_column_that_is_offered(support, rows, order, shown):
    assert labels(support, f"o={order}") == shown


@pytest.mark.parametrize("order", listing.ORDERS, ids=lambda order: order.name)
def test_keys_that_are_equal_in_the_column_have_an_order_too(support, organization, order):
    moment = timezone.now() + timedelta(days=3)
    keys = [issue(organization, expires_at=moment)[0] for _ in range(4)]
    organization.api_keys.update(created_at=timezone.now())
    shown = [key.pk for key in support.get(f"{KEYS}?o={order.name}").context["cl"].result_list]
    assert shown == sorted((key.pk for key in keys), reverse=order.name.startswith("-"))


@pytest.mark.parametrize(
    ("order", "shown"),
    [
        ("", ["Alpha", "beta"]),
        ("-name", ["beta", "Alpha"]),
        ("-created", ["Alpha", "beta"]),
        ("created", ["beta", "Alpha"]),
        ("contact_email", ["Alpha", "beta"]),
    ],
)
def test_organizations_are_sorted_by_a_column_that_is_offered(support, rows, order, shown):
    found = support.get(f"{ORGANIZATIONS}?o={order}").context["rows"]
    assert [facts.organization.name for facts in found] == shown


def heading(client, query, title) -> tuple[str, str]:
    """Return the order that a heading of the list leads to, and its `aria-sort`."""
    text = client.get(f"{KEYS}?{query}").text
    found = re.search(rf'<th scope="col"([^>]*)>\s*<a class="sort" href="\?([^"]*)">{title}</a>', text)
    return found[2].replace("&amp;", "&"), found[1].strip()


@pytest.mark.parametrize(
    ("query", "leads_to", "aria"),
    [
        ("", "o=-used", ""),
        ("o=-used", "o=used", 'aria-sort="descending"'),
        ("o=used", "o=-used", 'aria-sort="ascending"'),
        ("state=active&o=expires&p=1", "state=active&o=-used", ""),
    ],
)
def test_a_heading_leads_to_the_other_way_and_keeps_the_filters(support, rows, query, leads_to, aria):
    assert heading(support, query, "Last used") == (leads_to, aria)


def test_the_list_says_how_it_is_sorted_and_the_form_keeps_it(support, rows):
    text = support.get(f"{KEYS}?o=-expires").text
    assert "3 keys, last to expire first" in text
    assert re.search(r'<option value="-expires" selected>\s*Last to expire first</option>', text)
