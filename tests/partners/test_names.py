import pytest
from django.core.exceptions import ValidationError

from partners.names import LONGEST_KEY, key, named

KEPT = [
    "Ärzte & Söhne",
    "O’Neil & D'Arcy, St. Mary's",
    "日本クリニック 々",
    "AI診療所",
    "서울 병원 Seoul",
    "Клиника Smith",
    "Ελλάδα Clinic",
    "עמותת לב",
    "مستشفى السلام ABC",
    "हिन्दी क्लिनिक",
    "ไทยคลินิก",
    "Phòng khám Việt",
    "Praxis 🩺",
    "µLab № 5",
    "EHR sync, production",
]
ALIKE = [
    ("Clinique Élan", "clinique élan"),
    ("Élan", "E\u0301lan"),
    ("Two  Words ", " two\u00a0words"),
    ("Straße", "STRASSE"),
    ("Ünal İş", "ünal iş"),
    ("Wide", "Ｗｉｄｅ"),
    ("Clinic 1", "clinic ١"),
    ("O’Neil", "O'Neil"),
    ("A–B", "A-B"),
    ("Coco", "Сосо"),
    ("НОВА", "нова"),
    ("HOBA", "НОВА"),
    ("Practice", "Practice\ufe0f"),
    ("Practice", "Pra\u200bctice"),
    ("", "\u3164"),
]
REFUSED = {
    "invisible": ["\u3164", "\u2800", "Practice\ufe0f", "a\u200bb", "a\u034fb", "日\ufe0f", "a\u202eb", "a\U000e0100"],
    "mixed_alphabets": ["Prаctice", "Practice а", "Сосо Clinic", "α Clinic", "日Я", "Ꭺpex"],
    "loose_marks": ["\u0301a", "a \u0301b", "e\u0301\u0301", "a\u0332\u0333\u0334\u0335\u0336"],
    "not_printable": ["a\nb", "a\x00b", "a\tb", "\ud800"],
    "too_long": ["\ufdfa" * (LONGEST_KEY // 18 + 1)],
}


@pytest.mark.parametrize("name", KEPT)
def test_a_name_in_any_language_is_kept_as_it_is(name):
    assert named(name) == name


@pytest.mark.parametrize(
    ("given", "kept"), [(" a  b\u00a0\u3000c\n", "a b c"), ("E\u0301lan", "Élan"), ("❤\ufe0f Clinic", "❤ Clinic")]
)
def test_a_name_is_kept_in_one_way(given, kept):
    assert named(given) == kept


@pytest.mark.parametrize(("code", "name"), [(code, name) for code, names in REFUSED.items() for name in names])
def test_what_could_be_taken_for_another_name_is_refused(code, name):
    with pytest.raises(ValidationError) as refusal:
        named(name)
    assert refusal.value.code == code


def test_the_word_that_mixes_alphabets_is_named():
    with pytest.raises(ValidationError, match="“Prаctice” contains letters"):
        named("Invented Prаctice")


@pytest.mark.parametrize(("one", "other"), ALIKE)
def test_two_names_that_look_alike_have_one_key(one, other):
    assert key(one) == key(other)


@pytest.mark.parametrize(("one", "other"), [("a", "b"), ("Élan", "Elan"), ("Clinic 1", "Clinic 2"), ("a b", "ab")])
def test_two_names_that_differ_have_two_keys(one, other):
    assert key(one) != key(other)


@pytest.mark.parametrize("name", [*KEPT, *(name for pair in ALIKE for name in pair)])
def test_a_key_is_its_own_key(name):
    assert key(key(name)) == key(name)


def test_a_key_fits_its_column():
    assert len(key("\ufdfa" * 200)) == LONGEST_KEY
