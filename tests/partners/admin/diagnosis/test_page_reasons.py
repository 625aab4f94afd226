"""The pages of reason codes, and who may open them."""

import re

import pytest

from partners.catalogue.reasons import Reason
from partners.catalogue.remedies import REMEDIES
from partners.catalogue.remedy import FixPlace
from tests.partners.support.diagnosing import PAGE, text_of
from tests.partners.support.staff import signed_in

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("path", [PAGE, "/admin/reasons/", "/admin/reasons/disabled_key/"])
@pytest.mark.parametrize(
    ("group", "status"), [(None, 403), ("Support", 200), ("Partner onboarding", 200), ("Security", 200)]
)
def test_who_may_open_the_pages(path, group, status):
    client = signed_in(group)
    assert client.get(path).status_code == status
    assert client.post(path).status_code == status


@pytest.mark.parametrize("path", [PAGE, "/admin/reasons/", "/admin/reasons/disabled_key/"])
def test_the_pages_require_sign_in(client, path):
    assert client.get(path).status_code == 302


def test_the_index_lists_every_code_in_order(support):
    page = support.get("/admin/reasons/").content.decode()
    assert re.findall(r'href="/admin/reasons/(\w+)/"', page) == [reason.code for reason in Reason]


@pytest.mark.parametrize("reason", Reason, ids=lambda reason: reason.code)
def test_a_code_has_its_page(support, reason):
    page, remedy = text_of(support.get(f"/admin/reasons/{reason.code}/")), REMEDIES[reason]
    place = FixPlace[remedy.place.otherwise] if remedy.place.otherwise else remedy.place  # Support may not fix it there
    for told in (remedy.because, remedy.cause, remedy.how, remedy.fixer.value, place.label, remedy.retry.value):
        assert told in page
    assert f"HTTP/1.1 {reason.status} " in page
    assert f'"reason_code":"{reason.code}","message":"{reason.message}"' in page


@pytest.mark.parametrize(
    ("code", "neighbours"), [("missing_bearer", ["api_keys_disabled"]), ("internal_error", ["service_unavailable"])]
)
def test_the_first_and_the_last_code_have_one_neighbour(support, code, neighbours):
    page = support.get(f"/admin/reasons/{code}/").content.decode()
    assert re.findall(r'href="/admin/reasons/(\w+)/"', page) == neighbours


@pytest.mark.parametrize("code", ["nothing", "MISSING_BEARER", "0"])
def test_an_unknown_code_is_not_found(support, code):
    assert support.get(f"/admin/reasons/{code}/").status_code == 404
