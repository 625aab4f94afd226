import os
import re
from collections import Counter
from itertools import pairwise

import pytest

from partners.identifiers import BASE62, IdsInRuns, PublicIdField, matcher, new_id, random_base62
from partners.models import Organization


def test_an_identifier_holds_at_least_122_random_bits():
    prefix, _, random = new_id("enc").partition("_")
    assert prefix == "enc"
    assert re.fullmatch("[0-9A-Za-z]{22}", random)
    assert len(BASE62) == len(set(BASE62)) == 62
    assert 62 ** len(random) >= 2**122


def test_no_identifier_comes_twice():
    assert len({new_id("key") for _ in range(1000)}) == 1000


def test_ids_in_runs_begin_alike_until_chance_ends_the_run_and_none_comes_twice():
    new = IdsInRuns("req")
    made = [new() for _ in range(40_000)]
    assert all(map(matcher("req"), made))
    assert len(set(made)) == len({each[6:] for each in made}) == len(made)
    turned = [after for before, after in pairwise(made) if before[4:6] != after[4:6]]
    assert turned
    assert all(each[6:].startswith(IdsInRuns.TURN) for each in turned)


def test_each_process_begins_a_run_of_its_own():
    new = IdsInRuns("req")
    assert {_first_of_a_child(new)[4:6] for _ in range(3)} != {new()[4:6]}


def _first_of_a_child(new):
    read, write = os.pipe()
    if not os.fork():
        os.write(write, new().encode())
        os._exit(0)
    os.wait()
    os.close(write)
    with open(read) as made:
        return made.read()


def test_every_character_of_base62_comes_up():
    assert set(random_base62(10_000)) == set(BASE62)


def test_no_character_of_base62_is_favoured():
    counts = Counter(random_base62(62_000))
    assert 800 < min(counts.values()) <= max(counts.values()) < 1_200


def test_what_is_made_has_the_shape_of_its_kind_alone():
    assert matcher("org")(new_id("org"))
    assert not matcher("org")(new_id("key"))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "org_",
        "org_" + "a" * 21,
        "org_" + "a" * 23,
        "org_" + "a" * 21 + "é",
        "org_" + "a" * 21 + "٥",
        "org_" + "a" * 22 + "\n",
        " org_" + "a" * 22,
        "ORG_" + "a" * 22,
        "org_" + "a" * 21 + "\0",
    ],
)
def test_what_has_another_shape_is_no_identifier(text):
    assert not matcher("org")(text)


def test_a_migration_holds_the_prefix_and_not_what_follows_from_it():
    assert Organization._meta.get_field("public_id").deconstruct() == (
        "public_id",
        "partners.identifiers.PublicIdField",
        [],
        {"prefix": "org", "editable": False},
    )


def test_a_field_made_from_its_migration_is_the_same():
    *_, options = PublicIdField("org").deconstruct()
    assert PublicIdField(**options).max_length == len("org_") + 22


@pytest.mark.django_db
def test_identifiers_are_ordered_by_code_point():
    for index, first in enumerate("aZ0z"):
        Organization.objects.create(public_id=f"org_{first}" + "0" * 21, name=f"Invented {index}")
    assert [each[4] for each in Organization.objects.order_by("public_id").values_list("public_id", flat=True)] == [
        "0",
        "Z",
        "a",
        "z",
    ]


@pytest.mark.django_db
def test_the_database_keeps_identifiers_apart():
    organization = Organization.objects.create(name="Invented one")
    with pytest.raises(Exception, match=r"(?i)unique"):
        Organization.objects.create(name="Invented two", public_id=organization.public_id)
