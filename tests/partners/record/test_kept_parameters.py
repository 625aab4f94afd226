"""Which names of query parameters are kept: names, and nothing that could be a value."""

import pytest

from partners.models import RequestRecord
from partners.record.kept_parameters import kept_parameter


@pytest.mark.parametrize("name", ["cursor", "page[size]", "$top", "pageSize", "patient_id", "LIMIT", "filter.Status"])
def test_a_name_of_known_words_is_kept(name):
    assert kept_parameter(name) == name


@pytest.mark.parametrize(
    "name", [None, "", "_", "Xylander", "patient_Xylander", "Jane Doe", "1970-01-01", "ch_sk_FUY86VnnXTce", "id" * 21]
)
def test_any_other_is_not(name):
    assert kept_parameter(name) is None


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("query", "code", "kept"),
    [
        ("cursor=secret-value", "unsupported_filter", "cursor"),
        ("limit=500", "invalid_limit", "limit"),
        ("end_at=now", "invalid_query", "end_at"),
        ("limit=5&Xylander=1", "unsupported_filter", None),
        ("limit=5", "", None),
    ],
)
def test_the_record_of_a_refused_query_names_the_parameter_and_never_its_value(owned, query, code, kept):
    owned[1].get(query=query)
    record = RequestRecord.objects.get()
    assert (record.reason_code, record.parameter) == (code, kept)
    assert "secret-value" not in str(RequestRecord.objects.values())
