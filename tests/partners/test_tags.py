"""Tags: how they are read, stored, compared and found."""

import pytest
from django.core.exceptions import ValidationError
from django.db import connection

from partners.models import ApiKey, Organization
from partners.tags import LONGEST, MOST, tagged, tags_in
from tests.factories import OrganizationFactory, issue


@pytest.mark.parametrize(
    ("text", "tags"),
    [
        ("", []),
        (" , ; ", []),
        ("pilot", ["pilot"]),
        ("Pilot  billing,EMR;pilot\nemr", ["billing", "emr", "pilot"]),
        ("ＥＭＲ Straße", ["emr", "strasse"]),
        ("q3/2026 v1.2 team:blue c++x", ["c++x", "q3/2026", "team:blue", "v1.2"]),
        ("x" * LONGEST, ["x" * LONGEST]),
    ],
)
def test_tags_are_read_in_one_form(text, tags):
    assert tags_in(text) == tags


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("x" * (LONGEST + 1), "too_long"),
        (" ".join(map(str, range(MOST + 1))), "too_many"),
        ("-pilot", "not_a_word"),
        ("pilot%", "not_a_word"),
        ("<b>", "not_a_word"),
        ("pilot\x00", "not_a_word"),
        ("pi\u202elot", "not_a_word"),
    ],
)
def test_what_is_no_tag_is_refused(text, code):
    with pytest.raises(ValidationError) as refusal:
        tags_in(text)
    assert refusal.value.code == code


@pytest.fixture
def stored(db):
    OrganizationFactory(name="both", tags=["billing", "pilot"])
    OrganizationFactory(name="longer", tags=["pilots"])
    OrganizationFactory(name="none")


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("pilot", {"both"}),
        ("PILOT billing", {"both"}),
        ("pilot pilots", set()),
        ("pil", set()),
        ("pilot_", set()),
        ("%", set()),
        (",", set()),
    ],
)
def test_rows_are_found_by_whole_tags(stored, text, names):
    assert {row.name for row in Organization.objects.filter(tagged(text))} == names


def test_tags_are_a_list_in_python_and_a_text_in_the_database(stored):
    with connection.cursor() as cursor:
        cursor.execute("SELECT name, tags FROM partners_organization")
        assert dict(cursor.fetchall()) == {"both": " billing pilot ", "longer": " pilots ", "none": ""}
    assert Organization.objects.get(name="both").tags == ["billing", "pilot"]


def test_a_key_without_an_organization_can_be_read_with_its_organization(db):
    issue(None)
    assert ApiKey.objects.select_related("organization").get().organization is None


def test_a_row_of_an_older_version_has_no_tags(db):
    issue(OrganizationFactory())
    for model in (Organization, ApiKey):
        values = {field.column for field in model._meta.concrete_fields} - {"id", "owner", "note", "tags"}
        fresh = ", ".join(f"'X' || substr({name}, 2)" if name in UNIQUE else name for name in sorted(values))
        with connection.cursor() as cursor:
            table, columns = model._meta.db_table, ", ".join(sorted(values))
            cursor.execute(f"INSERT INTO {table} ({columns}) SELECT {fresh} FROM {table}")
        row = model.objects.order_by("pk").last()
        assert (row.owner, row.note, row.tags) == ("", "", [])


UNIQUE = ("public_id", "public_part", "name_key")
