"""The message to a partner about a refusal that the partner can fix."""

import html
import re

import pytest

from partners.catalogue.reasons import Reason
from partners.catalogue.remedies import REMEDIES
from partners.catalogue.remedy import Fixer
from partners.models import RequestRecord
from tests.api import LIST, Api
from tests.factories import RequestRecordFactory, issue
from tests.partners.support.diagnosing import PAGE, ask

pytestmark = pytest.mark.django_db
MESSAGE = re.compile(r'<pre id="message" class="message">(.*?)</pre>', re.DOTALL)


def message(page) -> str:
    """Return the message that the page shows, or nothing."""
    found = MESSAGE.search(page.text)
    return html.unescape(found[1]) if found else ""


@pytest.fixture
def base_url(settings):
    settings.BASE_URL = "https://api.example.com"


@pytest.mark.usefixtures("base_url")
def test_a_recorded_call_of_the_partners_making_has_a_message_to_copy(support, key):
    values = {"status": 400, "reason_code": "unsupported_filter", "query": "", "parameter": "cursor"}
    record = RequestRecordFactory(api_key=key, **values)
    page = support.get(f"/admin/partners/requestrecord/{record.request_id}/")
    assert message(page) == (
        "Hello,\n\n"
        "The API refused your call with 400 unsupported_filter because the route doesn't support one of the query "
        "parameters.\n\n"
        f"Request id: {record.request_id}\n"
        f"Time: {record.occurred_at:%Y-%m-%d %H:%M:%S} UTC\n"
        "Route: GET /external/v1/encounters\n"
        "Parameter: cursor\n\n"
        "Usual cause: A parameter is misspelled, in the wrong case, or from another API. Only lists take "
        "parameters.\n\n"
        "What to change: Leave the parameter out, or spell it as in the documentation. The response names it in field."
        "\n\n"
        "Retry? No. The same call gets the same response until this is fixed.\n\n"
        "More about this code: https://api.example.com/docs/errors/#unsupported_filter\n\n"
        "Please never send us an API key. The request id is enough."
    )
    assert 'href="https://api.example.com/docs/errors/#unsupported_filter"' in page.text
    assert 'data-copy="message"' in page.text


@pytest.mark.parametrize("reason", Reason, ids=lambda reason: reason.code)
def test_only_codes_that_the_partner_can_fix_have_a_message(support, reason):
    page = support.get(f"/admin/reasons/{reason.code}/")
    assert bool(message(page)) is (REMEDIES[reason].fixer is Fixer.PARTNER)
    assert f"http://testserver/docs/errors/#{reason.code}" in page.text


def test_a_diagnosis_has_it_with_the_request_id(support, organization):
    answer = Api(issue(organization)[1]).get(query="limit=500")
    text = message(support.get(PAGE, {"call": answer["X-Request-ID"]}))
    assert f"Request id: {answer['X-Request-ID']}" in text
    assert "Parameter: limit" in text


def test_it_says_what_is_wrong_with_a_token_and_quotes_neither_token_nor_query(support, organization):
    token = issue(organization)[1]
    text = message(ask(support, token[:-1], f"GET {LIST}?Jane+Doe"))
    assert "Details: it is cut short: 66 characters of 67" in text
    assert token[6:18] not in text
    text = message(ask(support, token, f"GET {LIST}?Jane+Doe=1970-01-01&limit=5"))
    assert "unsupported_filter" in text
    assert "Jane" not in text
    assert "1970" not in text
    assert "Parameter: cursor" in message(ask(support, token, f"GET {LIST}?cursor=1"))


def test_a_refusal_of_ours_has_none(support, organization):
    token = issue(organization, scopes=[])[1]
    assert message(ask(support, token)) == ""
    assert RequestRecord.objects.count() == 0
