import pytest
from django.core.exceptions import ValidationError

from partners.finding.lookup import find_key, find_organization
from tests.factories import issue

pytestmark = pytest.mark.django_db
SECRET_SHAPES = ["{}", " {} ", "x{}y", "Bearer {}"]


@pytest.mark.parametrize("form", ["{0.public_id}", " {0.public_id}\n", "{0.name}", " {0.name} "])
def test_an_organization_is_found_by_id_or_name(organization, form):
    assert find_organization(form.format(organization)) == organization


def test_an_organization_is_found_by_its_name_in_any_case(organization):
    assert find_organization(organization.name.upper()) == find_organization(organization.name.lower()) == organization


@pytest.mark.parametrize("text", ["", " ", "Invented", "%", "_", "org_", "org_" + "0" * 22, "nobody"])
def test_no_other_text_finds_an_organization(organization, text):
    with pytest.raises(ValidationError, match="create_organization") as refusal:
        find_organization(text)
    assert refusal.value.code == "organization_not_found"


def test_an_id_in_another_case_is_another_id(organization):
    with pytest.raises(ValidationError):
        find_organization(organization.public_id.upper())


@pytest.mark.parametrize("form", ["{}", " {} ", "{}…", "{}...", "ch_sk_{}", "ch_sk_{}…", "ch_sk_test_{}...\n"])
def test_a_key_is_found_by_its_public_part(organization, form):
    key, _ = issue(organization)
    assert find_key(form.format(key.public_part)) == key


def test_a_key_is_found_by_its_id(organization):
    key, _ = issue(organization)
    assert find_key(f" {key.public_id}\n") == key


def test_a_key_is_found_with_its_organization_in_one_statement(organization, django_assert_num_queries):
    key, _ = issue(organization)
    with django_assert_num_queries(1):
        assert find_key(key.public_part).organization == organization


@pytest.mark.parametrize("text", ["", "key_", "key_" + "0" * 22, "0" * 12, "0" * 11, "ch_sk_", "ch_pk_" + "0" * 12])
def test_no_other_text_finds_a_key(organization, text):
    issue(organization)
    with pytest.raises(ValidationError, match="list_keys") as refusal:
        find_key(text)
    assert refusal.value.code == "key_not_found"


@pytest.mark.parametrize("form", SECRET_SHAPES)
@pytest.mark.parametrize("find", [find_key, find_organization])
def test_a_token_is_refused_and_not_repeated(token, find, form):
    with pytest.raises(ValidationError, match="Never put a token on the command line") as refusal:
        find(form.format(token))
    assert refusal.value.code == "token_given"
    assert token[:18] not in str(refusal.value)
