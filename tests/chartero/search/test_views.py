"""The search box: what it finds, for whom, and that nothing of what people type is kept."""

from dataclasses import replace

import pytest
from django.contrib.auth.models import Permission, User
from django.contrib.sessions.models import Session
from django.test import Client

from chartero.search.sources import SOURCES
from partners.keys import tokens
from partners.models import ChangeEvent, Organization
from tests.factories import CHANGE, EncounterFactory, OrganizationFactory, RequestRecordFactory, issue
from tests.partners.support.staff import make_stale, signed_in

pytestmark = pytest.mark.django_db
SEARCH = "/admin/search/"


@pytest.fixture
def support():
    return signed_in("Support")


@pytest.fixture
def security():
    return signed_in("Security")


@pytest.fixture
def partner():
    contact = {"contact_name": "Dana Example", "contact_email": "dana@example.org"}
    return Organization.create("Harbour Family Practice", CHANGE, **contact)


def find(client: Client, text: str):
    return client.post(SEARCH, {"q": text})


def found(client: Client, text: str) -> dict[str, list[str]]:
    """Return the names that were found, by kind."""
    page = find(client, text)
    assert page.status_code == 200
    return {group.title: [hit.name for hit in group.found.rows] for group in page.context["groups"]}


def change_page(model: str, row) -> str:
    return f"/admin/{model}/{row.pk}/change/"


@pytest.mark.parametrize("text", ["harbour", "  FAMILY   harbour ", "Dana Exam", "dana@example.org", "{public_id}"])
def test_an_organization_is_found_by_name_contact_and_id(support, partner, text):
    assert find(support, text.format(public_id=partner.public_id)).url == change_page("partners/organization", partner)


@pytest.mark.parametrize("text", ["robin", "billing PILOT", "ask first"])
def test_organizations_and_keys_are_found_by_owner_tags_and_note(support, partner, text):
    description = {"owner": "Robin Example", "note": "Ask first.", "tags": ["billing", "pilot"]}
    partner.describe(CHANGE, **description)
    issue(partner, label="Nightly export", **description)
    assert found(support, text) == {"API keys": ["Nightly export"], "Organizations": [partner.name]}


@pytest.mark.parametrize(
    "shown",
    [
        lambda key: key.public_id,
        lambda key: key.public_part,
        lambda key: key.public_part[:4],
        lambda key: f"{key.quotable}…",
        lambda key: f"ch_sk_{key.public_part[:7]}...",
        lambda key: "nightly EXP",
    ],
)
def test_a_key_is_found_by_its_id_its_label_and_its_public_part(support, partner, shown):
    key = issue(partner, label="Nightly export")[0]
    assert find(support, shown(key)).url == change_page("partners/apikey", key)


def test_three_letters_of_a_public_part_are_too_few(support, partner):
    key = issue(partner)[0]
    assert key.public_part[:3] not in str(found(support, key.public_part[:3]))


@pytest.mark.parametrize("form", ["{}", "CHARTERO_KEY='{}'", "curl -H 'Authorization: Bearer {}' https://example.org"])
def test_a_token_in_any_text_leads_to_its_key_and_stays_nowhere(support, partner, form):
    key, token = issue(partner)
    page = support.post(SEARCH, {"q": form.format(token)}, follow=True)
    assert page.redirect_chain[-1][0] == change_page("partners/apikey", key)
    assert "its secret is right" in page.text
    kept = [page.text, str(page.redirect_chain), *(str(each.get_decoded()) for each in Session.objects.all())]
    assert not any(token[20:] in text for text in kept)


def test_a_token_of_no_key_is_never_a_false_all_clear(support):
    token = tokens.mint(is_test=False).text
    page = find(support, f"KEY={token}")
    assert "A key may still have leaked" in page.text
    assert token[20:] not in page.text


@pytest.mark.parametrize("prefix", ["", "X-Request-ID: "])
def test_a_request_id_leads_to_its_call(support, partner, prefix):
    record = RequestRecordFactory(api_key=issue(partner)[0])
    assert find(support, prefix + record.request_id).url == f"/admin/partners/requestrecord/{record.request_id}/"


def test_people_who_may_not_see_requests_find_none(partner):
    person = User.objects.create_user("auditor", is_staff=True)
    person.user_permissions.add(Permission.objects.get(codename="view_apikey"))
    client = Client()
    client.force_login(person)
    record = RequestRecordFactory(api_key=issue(partner)[0])
    assert found(client, record.request_id) == {}
    assert found(client, f"see {record.request_id} of {partner.public_id}") == {}


@pytest.mark.parametrize("text", ["missing_scope", "missing scope", "MISSING_SCOPE"])
def test_a_reason_code_leads_to_its_page(support, text):
    assert find(support, text).url == "/admin/reasons/missing_scope/"


def test_a_part_of_a_code_finds_all_that_contain_it(support):
    assert {"invalid_limit", "invalid_key"} <= {*found(support, "invalid")["Reason codes"]}
    assert found(support, "in") == {}


def test_encounters_and_tickets_are_found_by_those_who_may_see_them(support, security, partner):
    encounter = EncounterFactory(organization=partner)
    partner.set_contact(replace(CHANGE, ticket="OPS-4711"), name="Dana Example", email="")
    ticketed = ChangeEvent.objects.get(ticket="OPS-4711")
    assert find(security, encounter.public_id).url == change_page("encounters/encounter", encounter)
    assert find(security, "OPS-4711").url == change_page("partners/changeevent", ticketed)
    assert found(support, encounter.public_id) == found(support, "OPS-4711") == {}


def test_users_are_found_by_superusers(admin_client, security):
    person = User.objects.create_user("lee", first_name="Robin", last_name="Example", email="lee@example.org")
    assert find(admin_client, "robin").url == change_page("auth/user", person)
    assert found(security, "robin") == {}


def test_several_matches_are_grouped_and_the_first_ten_are_shown(support):
    organization = OrganizationFactory(name="Shared word")
    for number in range(11):
        issue(organization, label=f"Shared word {number}")
    page = find(support, "shared word")
    groups = {group.title: group.found for group in page.context["groups"]}
    assert (len(groups["API keys"].rows), groups["API keys"].total) == (10, 11)
    assert [hit.name for hit in groups["Organizations"].rows] == ["Shared word"]
    assert "Only the first 10 are shown" in page.text


def test_nothing_found_says_so_and_what_can_be_searched_for(support):
    page = find(support, "<b>nothing</b>")
    assert "Nothing found for “&lt;b&gt;nothing&lt;/b&gt;”" in page.text
    assert "What you can search for" in page.text
    assert "Nothing found" not in support.get(SEARCH).text


@pytest.mark.parametrize("text", ["", "x" * 201, "é" * 5_000])
def test_other_texts_find_nothing(support, text):
    assert find(support, text).status_code == 200


def test_an_address_searches_for_nothing(support, partner):
    assert support.get(f"{SEARCH}?q=harbour").context["groups"] == []


def test_the_box_is_on_every_page_after_the_sign_in(support, client):
    assert 'action="/admin/search/"' in support.get("/admin/").text
    assert 'action="/admin/search/"' not in client.get("/admin/login/").text


def test_a_search_needs_no_fresh_password(support, partner):
    make_stale(support)
    assert find(support, "harbour").url == change_page("partners/organization", partner)


def test_a_search_takes_a_fixed_number_of_statements(security, django_assert_max_num_queries):
    organization = OrganizationFactory(name="Shared word")
    for number in range(12):
        issue(organization, label=f"Shared word {number}")
    with django_assert_max_num_queries(len(SOURCES) + 8):
        find(security, "shared word")


ENCOUNTER_URL = "https://api.example.com/external/v1/encounters/{}/documents/doc_{:022}"


def test_a_text_finds_what_the_first_known_id_in_it_names(security, partner):
    encounter = EncounterFactory(organization=partner)
    page = change_page("encounters/encounter", encounter)
    assert find(security, ENCOUNTER_URL.format(encounter.public_id, 1)).url == page
    assert find(security, f"enc_{1:022} is {encounter.public_id}, of {partner.public_id}").url == page


def test_a_text_finds_the_request_in_it_before_what_else_it_names(support, partner):
    record = RequestRecordFactory()
    text = f'{{"organization": "{partner.public_id}", "request_id": "{record.request_id}"}}'
    assert record.request_id in find(support, text).url
