"""The contract by situation: what is sent, and the status and code that come back.

It states the answers anew and imports no policy, so a rule that is lost there fails here.
"""

import re
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from partners.catalogue.routes import Route, Scope
from partners.keys import tokens
from partners.models import AllowedNetwork, ApiKey, ApiKeySwitch, LimitUse
from tests.api import CHANGES, KEY, LIST, Api
from tests.factories import CHANGE, DocumentFactory, EncounterFactory, OrganizationFactory, issue, limit

pytestmark = pytest.mark.django_db

UNKNOWN_ID = "enc_" + "0" * 22
UNKNOWN_DOCUMENT = f"{LIST}/{UNKNOWN_ID}/documents/doc_{'0' * 22}"
SCOPES = {
    LIST: "encounters:read patients:read documents:read",
    f"{LIST}/{UNKNOWN_ID}": "encounters:read patients:read documents:read",
    UNKNOWN_DOCUMENT: "encounters:read documents:read",
    f"{UNKNOWN_DOCUMENT}/transcript": "encounters:read documents:read",
    f"{UNKNOWN_DOCUMENT}/audio": "encounters:read documents:read recordings:read",
    CHANGES: "encounters:read patients:read documents:read",
}
ROUTES = ["encounters.list", "encounters.detail", "documents.detail", "documents.transcript", "documents.audio"]
ROUTES += ["changes.list"]
EVERY_ROUTE = pytest.mark.parametrize("path", SCOPES)
EVERY_PATH = pytest.mark.parametrize("path", [*SCOPES, KEY])


# Credentials: checks 1–7 ---------------------------------------------------------------------------------------------

MALFORMED = [
    "Bearer x",
    "Bearer ch_sk_",
    "Bearer {token} x",
    "Bearer {token},Bearer {token}",
    "Bearer {token},",
    "Bearer {token}\tx",
    "Bearer \t{token}",
    "Bearer é{token}",
    "Bearer {token}\x00",
    "Bearer {token}x",
    "Bearer {cut}",
    "Bearer {flipped}",
    "Bearer CH_SK_{rest}",
    "Bearer sk_{rest}",
    "Bearer Bearer {token}",
]


@EVERY_PATH
@pytest.mark.parametrize(
    "header", [None, "", " ", "Bearer", "Bearer ", "Basic eDp5", "Bearer\t{token}", "{token}", "Token {token}"]
)
def test_without_a_bearer_token(token, path, header):
    authorization = header and header.format(token=token)
    response = Api().get(path, authorization=authorization)
    assert (response.status_code, response.json()["reason_code"]) == (401, "missing_bearer")
    assert response["WWW-Authenticate"] == 'Bearer realm="external"'


@EVERY_PATH
@pytest.mark.parametrize("header", MALFORMED)
def test_malformed_tokens(token, path, header):
    parts = {
        "token": token,
        "cut": token[:-1],
        "flipped": token[:-1] + ("0" if token[-1] != "0" else "1"),
        "rest": token[6:],
    }
    response = Api().get(path, authorization=header.format(**parts))
    assert (response.status_code, response.json()["reason_code"]) == (401, "malformed_token")
    assert response["WWW-Authenticate"] == 'Bearer realm="external", error="invalid_token"'


@pytest.mark.parametrize("scheme", ["Bearer ", "bearer ", "BEARER ", "bEaReR    ", "  Bearer "])
def test_the_scheme_in_any_case_and_with_any_number_of_spaces(token, scheme):
    assert Api().get(authorization=scheme + token).status_code == 200


def test_blanks_around_the_header_are_not_part_of_it(token):
    assert Api().get(authorization=f"Bearer {token} \t").status_code == 200


@pytest.mark.parametrize(
    "carrier", [{"HTTP_X_API_KEY": "{}"}, {"HTTP_COOKIE": "authorization=Bearer {}"}, {"QUERY_STRING": "api_key={}"}]
)
def test_a_key_travels_in_no_other_way(token, carrier):
    response = Api().client.get(LIST, **{name: text.format(token) for name, text in carrier.items()})
    assert response.json()["reason_code"] == "missing_bearer"


def test_keys_switched_off(api):
    ApiKeySwitch.turn(False, CHANGE)
    assert api.refusal() == (401, "api_keys_disabled", None)


def test_a_test_token_where_none_is_accepted():
    assert Api(tokens.mint(is_test=True).text).refusal() == (401, "test_prefix_not_allowed", None)


def test_the_test_prefix_is_refused_before_the_shape_is_looked_at():
    assert Api("ch_sk_test_x").refusal() == (401, "test_prefix_not_allowed", None)


def test_a_malformed_test_token_where_they_are_accepted(settings):
    settings.ACCEPT_TEST_KEYS = True
    assert Api("ch_sk_test_x").refusal() == (401, "malformed_token", None)


def test_a_test_key_reads_what_a_live_one_would(settings, organization):
    settings.ACCEPT_TEST_KEYS = True
    EncounterFactory(organization=organization)
    assert Api(issue(organization, is_test=True)[1]).get().json()["total"] == 1


def test_no_digest_key_loaded(settings, api):
    settings.DIGEST_KEYS = ""
    assert api.refusal() == (503, "digest_key_unavailable", None)
    assert Api(tokens.mint(is_test=False).text).refusal() == (503, "digest_key_unavailable", None)


def test_the_digest_key_of_this_key_not_loaded(settings, api):
    settings.DIGEST_KEYS = settings.DIGEST_KEYS.split(",")[0]
    assert api.refusal() == (503, "digest_key_unavailable", None)
    assert Api(tokens.mint(is_test=False).text).refusal() == (401, "invalid_key", None)


def test_a_key_under_an_older_digest_key(settings, organization):
    both = settings.DIGEST_KEYS
    settings.DIGEST_KEYS = both.split(",")[0]
    older = issue(organization)[1]
    settings.DIGEST_KEYS = both
    assert Api(older).get().status_code == 200


def test_an_unknown_key(organization):
    assert Api(tokens.mint(is_test=False).text).refusal() == (401, "invalid_key", None)


def with_wrong_secret(token: str) -> str:
    """Return a well-formed token of the same public part whose secret is another."""
    body = token[:18] + tokens.mint(is_test=False).text[18:-6]
    return body + tokens.checksum(body)


@pytest.mark.parametrize("change", ["", "disable", "revoke"])
def test_a_wrong_secret_is_told_no_state(organization, change):
    key, token = issue(organization)
    if change:
        getattr(key, change)(CHANGE)
    assert Api(with_wrong_secret(token)).refusal() == (401, "invalid_key", None)


def test_a_disabled_key_until_it_is_enabled(organization):
    key, token = issue(organization)
    key.disable(CHANGE)
    assert Api(token).refusal() == (401, "disabled_key", None)
    key.enable(CHANGE)
    assert Api(token).get().status_code == 200


def test_a_revoked_key(organization):
    key, token = issue(organization)
    key.revoke(CHANGE)
    assert Api(token).refusal() == (401, "revoked_key", None)


def test_an_expired_key(organization):
    key, token = issue(organization)
    ApiKey.objects.filter(pk=key.pk).update(created_at=timezone.now() - timedelta(days=2), expires_at=timezone.now())
    assert Api(token).refusal() == (401, "expired_key", None)


def test_a_key_that_expires_in_a_minute(organization):
    token = issue(organization, expires_at=timezone.now() + timedelta(minutes=1))[1]
    assert Api(token).get().status_code == 200


def test_disabled_comes_before_revoked_and_revoked_before_expired(organization):
    key, token = issue(organization)
    key.disable(CHANGE)
    key.revoke(CHANGE)
    past = timezone.now() - timedelta(days=1)
    ApiKey.objects.filter(pk=key.pk).update(created_at=past, expires_at=timezone.now())
    assert Api(token).refusal()[1] == "disabled_key"
    ApiKey.objects.filter(pk=key.pk).update(disabled_at=None)
    assert Api(token).refusal()[1] == "revoked_key"


def test_a_key_of_no_organization_is_told_its_state_first():
    key, token = issue(None)
    past = timezone.now() - timedelta(days=1)
    ApiKey.objects.filter(pk=key.pk).update(created_at=past, expires_at=timezone.now())
    assert Api(token).refusal()[1] == "expired_key"


# Allowed networks: after check 7 --------------------------------------------------------------------------------------


def allow(key, mode, *texts):
    key.set_networks(mode, AllowedNetwork.listed((text, "Office") for text in texts), CHANGE)


@EVERY_ROUTE
@pytest.mark.parametrize("source", ["198.51.100.7", "2001:db9::1", "", "nobody"])
def test_a_call_from_elsewhere(organization, path, source):
    key, token = issue(organization)
    allow(key, "enforce", "203.0.113.0/24", "2001:db8::/32", "0.0.0.0/8")
    assert Api(token).refusal(path, REMOTE_ADDR=source) == (403, "source_not_allowed", None)


@pytest.mark.parametrize(
    "source", ["203.0.113.0", "203.0.113.255", "::ffff:203.0.113.7", "2001:db8:f::1", "2001:db8::"]
)
def test_a_call_from_an_allowed_network(organization, source):
    key, token = issue(organization)
    allow(key, "enforce", "203.0.113.0/24", "2001:db8::/32")
    assert Api(token).get(REMOTE_ADDR=source).status_code == 200


@pytest.mark.parametrize("mode", ["off", "watch"])
def test_a_list_that_is_not_enforced_refuses_nothing(organization, mode):
    key, token = issue(organization)
    allow(key, mode, "203.0.113.0/24")
    assert Api(token).get(REMOTE_ADDR="198.51.100.7").status_code == 200


def test_the_source_is_the_last_hop_before_a_trusted_proxy(organization, settings):
    settings.BEHIND_PROXY = True
    key, token = issue(organization)
    allow(key, "enforce", "203.0.113.0/24")
    hops = {"HTTP_X_FORWARDED_FOR": "203.0.113.7, 198.51.100.7", "REMOTE_ADDR": "203.0.113.9"}
    assert Api(token).refusal(**hops) == (403, "source_not_allowed", None)
    assert Api(token).get(**hops | {"HTTP_X_FORWARDED_FOR": "198.51.100.7, 203.0.113.7"}).status_code == 200


def test_the_source_comes_after_the_credentials_and_before_the_organization():
    key, token = issue(OrganizationFactory(allowlisted=False))
    allow(key, "enforce", "203.0.113.0/24")
    assert Api(token).refusal() == (403, "source_not_allowed", None)
    assert Api(with_wrong_secret(token)).refusal() == (401, "invalid_key", None)
    key.disable(CHANGE)
    assert Api(token).refusal() == (401, "disabled_key", None)


def test_another_key_of_the_organization_has_its_own_networks(organization, api):
    allow(issue(organization)[0], "enforce", "203.0.113.0/24")
    assert api.get().status_code == 200


# Access: checks 8–11 -------------------------------------------------------------------------------------------------


@EVERY_ROUTE
def test_a_key_of_no_organization(db, path):
    assert Api(issue(None)[1]).refusal(path) == (403, "org_scope_only_required", None)


@EVERY_ROUTE
def test_an_organization_that_is_not_allowlisted(path):
    organization = OrganizationFactory(allowlisted=False)
    assert Api(issue(organization)[1]).refusal(path) == (403, "organization_not_allowlisted", None)


@EVERY_ROUTE
def test_nothing_is_enabled_by_default(path):
    organization = OrganizationFactory(routes=[])
    assert Api(issue(organization)[1]).refusal(path) == (403, "route_not_allowed", None)


@pytest.mark.parametrize(("enabled", "opened"), [*zip(ROUTES, SCOPES, strict=True)])
def test_each_route_is_enabled_for_itself(enabled, opened):
    api = Api(issue(OrganizationFactory(routes=[Route.named(enabled)]))[1])
    assert {path for path in SCOPES if api.get(path).status_code != 403} == {opened}


@EVERY_ROUTE
@pytest.mark.parametrize(
    "held", [[], ["encounters:read"], ["encounters:read", "patients:read"], ["documents:read", "recordings:read"]]
)
def test_a_missing_scope(organization, path, held):
    token = issue(organization, scopes=[Scope(name) for name in held])[1]
    response = Api(token).get(path)
    assert (response.status_code, response.json()["reason_code"]) == (403, "missing_scope")
    assert response["WWW-Authenticate"] == (
        f'Bearer realm="external", error="insufficient_scope", scope="{SCOPES[path]}"'
    )


@EVERY_ROUTE
def test_the_scopes_of_the_table_suffice_and_none_is_too_many(organization, path):
    scopes = [Scope(name) for name in SCOPES[path].split()]
    assert Api(issue(organization, scopes=scopes)[1]).get(path).status_code in (200, 404)
    for missing in scopes:
        token = issue(organization, scopes=[scope for scope in Scope if scope != missing])[1]
        assert Api(token).refusal(path)[1] == "missing_scope"


def test_a_change_of_access_holds_for_the_next_call(organization, api):
    assert api.get().status_code == 200
    organization.set_access(CHANGE, disable=[Route.ENCOUNTERS_LIST])
    assert api.refusal()[1] == "route_not_allowed"
    organization.set_access(CHANGE, allowlisted=False)
    assert api.refusal()[1] == "organization_not_allowlisted"


# Limits: after check 11 ----------------------------------------------------------------------------------------------


@EVERY_ROUTE
def test_a_call_beyond_the_limit_of_its_key(organization, path):
    key, token = issue(organization)
    limit(key, 2)
    assert [Api(token).get(path).status_code for _ in range(3)][:2] != [429, 429]
    answer = Api(token).get(path)
    assert (answer.status_code, answer.json()["reason_code"]) == (429, "rate_limited")
    assert 1 <= int(answer["Retry-After"]) <= 60


def test_all_keys_of_an_organization_share_its_limit(organization):
    apis = [Api(issue(organization, label=label)[1]) for label in ("Invented one", "Invented two")]
    limit(organization, 3)
    assert [api.get().status_code for api in apis * 3] == [200, 200, 200, 429, 429, 429]


@pytest.mark.parametrize(("of_key", "of_organization"), [(1, 2), (2, 1)])
def test_the_smaller_limit_holds_and_a_refused_call_counts_for_neither(organization, of_key, of_organization):
    key, token = issue(organization)
    limit(key, of_key)
    limit(organization, of_organization)
    assert [Api(token).get().status_code for _ in range(3)] == [200, 429, 429]
    assert {*LimitUse.objects.values_list("calls", flat=True)} == {1}


@pytest.mark.parametrize(
    "call", [{"query": "limit=0"}, {"method": "HEAD"}, {"method": "POST"}, {"path": f"{LIST}/{UNKNOWN_ID}"}]
)
def test_every_call_that_passes_check_11_counts_whatever_its_answer(organization, call):
    key, token = issue(organization)
    limit(key, 1)
    assert Api(token).get(**call).status_code != 429
    assert Api(token).refusal() == (429, "rate_limited", None)


def test_a_call_that_is_refused_before_does_not_count(organization):
    key, token = issue(organization, scopes=[])
    limit(key, 1)
    assert [Api(token).refusal()[1] for _ in range(3)] == ["missing_scope"] * 3
    assert Api(with_wrong_secret(token)).refusal()[1] == "invalid_key"
    key.set_scopes(Scope, CHANGE)
    assert Api(token).get().status_code == 200


def test_a_look_at_the_key_has_no_limit_and_tells_nothing_of_it(organization):
    key, token = issue(organization)
    limit(key, 1)
    answers = [Api(token).get(KEY) for _ in range(3)]
    assert Api(token).get().status_code == 200
    answers.append(Api(token).get(KEY))
    assert [answer.status_code for answer in answers] == [200] * 4
    assert all(route["allowed"] for answer in answers for route in answer.json()["key"]["routes"])


def test_a_limit_holds_for_the_next_call_and_until_it_is_removed(organization):
    key, token = issue(organization)
    assert Api(token).get().status_code == 200
    limit(key, 1, used=1)
    assert Api(token).refusal()[1] == "rate_limited"
    key.set_limit(CHANGE, 2)
    assert Api(token).get().status_code == 200
    key.set_limit(CHANGE, None)
    assert Api(token).get().status_code == 200


def test_the_next_minute_begins_at_zero(organization):
    key, token = issue(organization)
    limit(key, 5, used=5)
    LimitUse.objects.update(minute=timezone.now() - timedelta(minutes=2))
    assert Api(token).get().status_code == 200


# The query: checks 12 and 13 -----------------------------------------------------------------------------------------

DAY, LATER = "2026-05-25T14:00:00Z", "2026-05-26T14:00:00Z"

UNKNOWN_KEYS = [
    ("cursor=1", "cursor"),
    ("limit=1&page=2&x=3", "page"),
    ("Limit=1", "Limit"),
    ("limit%20=1", "limit "),
    ("+limit=1", " limit"),
    ("limit[]=1", "limit[]"),
    ("=1", ""),
    ("x", "x"),
    ("a;limit=1", "a;limit"),
    ("%2541=1", "%41"),
    ("%C3%A9=1", "é"),
    ("%FF=1", "�"),
    ("%zz=1", "%zz"),
    ("x" * 70 + "=1", "x" * 64),
    ("api_key=secret", "api_key"),
    ("format=json", "format"),
    ("limit=0&x=1", "x"),
]


@pytest.mark.parametrize(("query", "field"), UNKNOWN_KEYS)
def test_unknown_query_keys(api, query, field):
    assert api.refusal(query=query) == (400, "unsupported_filter", field)


@pytest.mark.parametrize("path", [*(path for path in SCOPES if path not in (LIST, CHANGES)), KEY])
@pytest.mark.parametrize("query", ["limit=1", "x=", "&&limit"])
def test_any_query_key_on_anything_but_the_list(api, path, query):
    field = query.strip("&").partition("=")[0]
    assert api.refusal(path, query) == (400, "unsupported_filter", field)


def test_over_a_thousand_parameters(api):
    assert api.refusal(query="&".join(f"k{n}=1" for n in range(1500))) == (400, "unsupported_filter", "k0")
    assert api.refusal(query="&".join(["limit=1"] * 1500)) == (422, "invalid_limit", "limit")


NO_INTEGER = [
    "",
    "+5",
    "-1",
    "05",
    " 5",
    "5 ",
    "5%0A",
    "%205",
    "5.0",
    "5e0",
    "0x5",
    "5_0",
    "%D9%A5",
    "٥",
    "five",
    "null",
    "%00",
    "1,2",
    "5;",
    "9" * 99,
]
BAD_QUERIES = [
    *((f"limit={text}", "invalid_limit", "limit") for text in [*NO_INTEGER, "0", "101", "1000"]),
    *((f"offset={text}", "invalid_offset", "offset") for text in [*NO_INTEGER, "10001", "00"]),
    *(
        (f"sort_order={text}", "invalid_sort", "sort_order")
        for text in ["", "ASC", "Desc", " asc", "asc%20", "asc,desc", "-created_at"]
    ),
    ("limit", "invalid_limit", "limit"),
    ("limit=5&limit=5", "invalid_limit", "limit"),
    ("offset=0&%6Fffset=0", "invalid_offset", "offset"),
    ("sort_order=asc&sort_order=asc", "invalid_sort", "sort_order"),
    (f"start_at={DAY}&start_at={DAY}", "invalid_query", "start_at"),
    (f"end_at={DAY}&end_at={DAY}", "invalid_query", "end_at"),
    (f"start_at={DAY}&end_at={DAY}", "invalid_query", None),
    (f"start_at={LATER}&end_at={DAY}", "invalid_query", None),
    ("limit=0&offset=x&sort_order=x&start_at=x&end_at=x", "invalid_limit", "limit"),
    ("end_at=x&start_at=x&sort_order=x&offset=x", "invalid_offset", "offset"),
    ("end_at=x&start_at=x&sort_order=x", "invalid_sort", "sort_order"),
    ("end_at=x&start_at=x", "invalid_query", "start_at"),
    (f"end_at=x&start_at={DAY}", "invalid_query", "end_at"),
]


@pytest.mark.parametrize(("query", "code", "field"), BAD_QUERIES)
def test_invalid_values(api, query, code, field):
    assert api.refusal(query=query) == (422, code, field)


NO_INSTANT = [
    "", "now", "2026-05-25", "2026-05-25T14:00:00", "2026-05-25T14:00Z", "2026-05-25T14Z", "2026-05-25 14:00:00Z",
    "2026-05-25T14:00:00+00:00", "2026-05-25T14:00:00%2B24:00",
    "2026-05-25T14:00:00%2B05:60", "2026-05-25T14:00:00%2B0530",
    "2026-05-25T14:00:00%2B05", "2026-05-25T14:00:00Zx", "2026-05-25T14:00:00.Z", "2026-05-25T14:00:00,5Z",
    "2026-05-25T14:00:00.1234567890Z", "2026-05-25T24:00:00Z", "2026-05-25T23:59:60Z", "2026-05-25T14:60:00Z",
    "2026-02-29T14:00:00Z", "2026-13-01T14:00:00Z", "2026-00-01T14:00:00Z",
    "2026-01-00T14:00:00Z", "0000-01-01T00:00:00Z",
    "0001-01-01T00:00:00%2B00:01", "9999-12-31T23:59:59-00:01", "2026-W22-1T14:00:00Z",
    "2026-145T14:00:00Z", "20260525T140000Z",
    "2026-5-25T14:00:00Z", "%D9%A2026-05-25T14:00:00Z", "2026-05-25T14:00:00Z%0A",
    "%202026-05-25T14:00:00Z", "1748181600",
    "2026-05-25T14:00:00%E2%88%9205:00", "2026-05-25T14:00:00[UTC]", "2026-05-25T14:00:00Z%00", "12026-05-25T14:00:00Z",
]  # fmt: skip


@pytest.mark.parametrize("field", ["start_at", "end_at"])
@pytest.mark.parametrize("text", NO_INSTANT)
def test_what_is_no_instant(api, text, field):
    assert api.refusal(query=f"{field}={text}") == (422, "invalid_query", field)


INSTANTS = [
    ("2026-05-25T14:00:00Z", (14, 0, 0, 0)),
    ("2026-05-25t14:00:00z", (14, 0, 0, 0)),
    ("2026-05-25T14:00:00.5Z", (14, 0, 0, 500_000)),
    ("2026-05-25T14:00:00.123456789Z", (14, 0, 0, 123_456)),
    ("2026-05-25T16:30:00%2B02:30", (14, 0, 0, 0)),
    ("2026-05-25T09:00:00-05:00", (14, 0, 0, 0)),
    ("2026-05-25T14:00:00-00:00", (14, 0, 0, 0)),
    ("2026-05-26T13:59:00%2B23:59", (14, 0, 0, 0)),
]


@pytest.mark.parametrize(("text", "clock"), INSTANTS)
def test_a_window_holds_its_start_and_not_its_end(organization, api, text, clock):
    hour, minute, second, microsecond = clock
    edge = datetime(2026, 5, 25, hour, minute, second, microsecond, tzinfo=UTC)
    before, at = (
        EncounterFactory(organization=organization, created_at=edge - timedelta(microseconds=n)) for n in (1, 0)
    )
    assert [item["encounter_id"] for item in api.get(query=f"start_at={text}").json()["items"]] == [at.public_id]
    assert [item["encounter_id"] for item in api.get(query=f"end_at={text}").json()["items"]] == [before.public_id]


@pytest.mark.parametrize(
    "text", ["0001-01-01T00:00:00Z", "9999-12-31T23:59:59.999999999Z", "9999-12-31T23:59:59%2B23:59"]
)
def test_the_ends_of_time(api, text):
    assert api.get(query=f"start_at={text}").status_code == 200


GOOD_QUERIES = [
    "",
    "&",
    "&&limit=5&&",
    "limit=1",
    "limit=100",
    "offset=10000",
    "sort_order=asc",
    "%6Cimit=5",
    "limit=%35",
    "limit=5&offset=0&sort_order=desc",
]


@pytest.mark.parametrize("query", GOOD_QUERIES)
def test_valid_queries(api, query):
    assert api.get(query=query).status_code == 200


# The resource: checks 14–16 ------------------------------------------------------------------------------------------

NO_ID = [
    "x",
    "enc_",
    UNKNOWN_ID,
    "enc_" + "0" * 21,
    "enc_%00",
    "%00",
    "%FF",
    "é",
    "1",
    "..",
    "enc_" + "0" * 5000,
    "%0A",
    "a;b",
    "enc_9YpJvK2%20",
]


@pytest.mark.parametrize("text", NO_ID)
def test_what_is_not_an_encounter(api, text):
    assert api.refusal(f"{LIST}/{text}") == (404, "encounter_not_found", None)


def test_another_organizations_encounter(api):
    assert api.refusal(f"{LIST}/{EncounterFactory().public_id}") == (403, "cross_organization_denied", None)


@pytest.mark.parametrize("record_class", ["demo", "training"])
def test_demo_and_training_material(organization, api, record_class):
    mine = EncounterFactory(organization=organization, record_class=record_class)
    theirs = EncounterFactory(record_class=record_class)
    assert api.refusal(f"{LIST}/{mine.public_id}") == (403, "demo_training_denied", None)
    assert api.refusal(f"{LIST}/{theirs.public_id}") == (403, "cross_organization_denied", None)


def test_a_withdrawn_encounter_does_not_exist(organization, api):
    withdrawn = EncounterFactory(organization=organization, withdrawn_at=timezone.now())
    assert api.refusal(f"{LIST}/{withdrawn.public_id}") == (404, "encounter_not_found", None)
    assert api.get().json()["total"] == 0


# Outside the table ---------------------------------------------------------------------------------------------------

NO_ROUTE = [
    "/external",
    "/external/",
    "/external/v1",
    "/external/v1/",
    "/external/v2/encounters",
    f"{LIST}/",
    f"{LIST}/x/",
    f"{LIST}/x/y",
    f"{LIST}/x/documents",
    f"{UNKNOWN_DOCUMENT}/",
    f"{UNKNOWN_DOCUMENT}/Transcript",
    f"{UNKNOWN_DOCUMENT}/audio/",
    f"{LIST}.json",
    "/external/v1/Encounters",
    f"{KEY}/",
    f"{KEY}/key_{'0' * 22}",
    "/external//v1/encounters",
    "/external/v1/%0A",
    "/external/%FF",
    "/external/v1/encounters%00",
    "/external/admin/",
]


@pytest.mark.parametrize("path", NO_ROUTE)
@pytest.mark.parametrize("method", ["GET", "POST", "OPTIONS"])
def test_unknown_paths_before_authentication(path, method):
    assert Api().refusal(path, method=method) == (404, "route_not_found", None)


@EVERY_PATH
@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "QUERY"])
def test_other_methods_after_access_and_before_the_query(api, path, method):
    response = api.get(path, "x=1", method=method)
    assert (response.status_code, response.json()["reason_code"]) == (405, "method_not_allowed")
    assert response["Allow"] == "GET, HEAD"
    assert Api().refusal(path, method=method)[1] == "missing_bearer"


@pytest.mark.parametrize("host", ["evil.example", "testserver:x", "a,b", "", "é"])
def test_a_bad_host(token, host):
    assert Api(token).refusal(HTTP_HOST=host) == (400, "bad_request", None)
    assert Api().refusal("/external/nowhere", HTTP_HOST=host) == (400, "bad_request", None)


@pytest.mark.parametrize("accept", ["text/html", "application/xml", "image/*", "junk", "*/*;q=0"])
def test_json_whatever_accept_says(api, accept):
    assert api.get(HTTP_ACCEPT=accept).status_code == 200


def test_junk_cookies_change_nothing(api):
    assert api.get(HTTP_COOKIE="sessionid=x; csrftoken=y; messages=z").status_code == 200


def test_an_incoming_request_id_is_not_taken_over(api):
    first, second = (api.get(HTTP_X_REQUEST_ID="req_mine")["X-Request-ID"] for _ in range(2))
    assert re.fullmatch(r"req_[0-9A-Za-z]{22}", first)
    assert first != second


@EVERY_PATH
def test_head_is_get_without_a_body(api, path):
    got, head = api.get(path), api.get(path, method="HEAD")
    assert (head.status_code, head.content) == (got.status_code, b"")
    assert head["Content-Length"] == got["Content-Length"]


# The order of the checks ---------------------------------------------------------------------------------------------


def test_the_order_of_all_checks(settings):
    """Start from a call in which everything is wrong, mend one thing at a time, and read the codes."""
    organization, stranger = OrganizationFactory(allowlisted=False, routes=[]), OrganizationFactory()
    settings.ACCEPT_TEST_KEYS = True
    key, token = issue(organization, scopes=[], is_test=True)
    mine = EncounterFactory(organization=organization, record_class="training")
    theirs = EncounterFactory(organization=stranger, record_class="training")
    past = {"created_at": timezone.now() - timedelta(days=1), "expires_at": timezone.now()}
    ApiKey.objects.filter(pk=key.pk).update(disabled_at=timezone.now(), **past)
    limit(organization, 1, used=1)
    ApiKeySwitch.turn(False, CHANGE)
    digest_keys, settings.DIGEST_KEYS, settings.ACCEPT_TEST_KEYS = settings.DIGEST_KEYS, "", False
    sent = {"path": f"{LIST}/{UNKNOWN_ID}", "query": "x=1", "authorization": "Basic x", "method": "PUT"}
    wrong = "ch_sk_test_" + with_wrong_secret("ch_sk_" + token[11:])[6:]
    body = wrong[:-6]
    mends = [
        lambda: sent.update(authorization="Bearer ch_sk_test_"),
        lambda: ApiKeySwitch.turn(True, CHANGE),
        lambda: setattr(settings, "ACCEPT_TEST_KEYS", True),
        lambda: sent.update(authorization="Bearer " + body + tokens.checksum(body)),
        lambda: setattr(settings, "DIGEST_KEYS", digest_keys),
        lambda: sent.update(authorization=f"Bearer {token}"),
        lambda: ApiKey.objects.filter(pk=key.pk).update(disabled_at=None),
        lambda: ApiKey.objects.filter(pk=key.pk).update(expires_at=None),
        lambda: organization.set_access(CHANGE, allowlisted=True),
        lambda: organization.set_access(CHANGE, enable=Route.grantable()),
        lambda: key.set_scopes(Scope, CHANGE),
        lambda: organization.set_limit(CHANGE, None),
        lambda: sent.update(method="GET"),
        lambda: sent.update(query=""),
        lambda: sent.update(path=f"{LIST}/{theirs.public_id}"),
        lambda: sent.update(path=f"{LIST}/{mine.public_id}"),
    ]
    codes = [Api().refusal(**sent)[1]]
    for mend in mends:
        mend()
        codes.append(Api().refusal(**sent)[1])
    assert codes == [
        "missing_bearer",
        "api_keys_disabled",
        "test_prefix_not_allowed",
        "malformed_token",
        "digest_key_unavailable",
        "invalid_key",
        "disabled_key",
        "expired_key",
        "organization_not_allowlisted",
        "route_not_allowed",
        "missing_scope",
        "rate_limited",
        "method_not_allowed",
        "unsupported_filter",
        "encounter_not_found",
        "cross_organization_denied",
        "demo_training_denied",
    ]


# What is served ------------------------------------------------------------------------------------------------------


def test_the_shape_of_an_item_key_by_key(organization, api):
    document = DocumentFactory(
        encounter__organization=organization, encounter__created_at=datetime(2026, 5, 25, 14, tzinfo=UTC)
    )
    encounter = document.encounter
    item = {
        "encounter_id": encounter.public_id,
        "organization_id": organization.public_id,
        "encounter_type": "ambient",
        "status": "completed",
        "created_at": "2026-05-25T14:00:00Z",
        "updated_at": "2026-05-25T14:00:00Z",
        "date_of_service": "2026-05-25T14:00:00Z",
        "patient": {
            "patient_id": encounter.patient.public_id,
            "first_name": "Invented",
            "last_name": encounter.patient.last_name,
            "date_of_birth": "1970-01-01",
        },
        "documents": [
            {
                "document_id": document.public_id,
                "schema_type": "ambient_transcript",
                "title": "Ambient transcript",
                "status": "completed",
                "workflow_variant": "ambient",
                "audio_duration_seconds": 842.4,
            }
        ],
    }
    listed, one = api.get(), api.get(f"{LIST}/{encounter.public_id}")
    assert listed.json() == {"items": [item], "limit": 50, "offset": 0, "total": 1}
    assert one.json() == {"encounter": item}
    assert re.findall(rb'"(\w+)":', listed.content)[1:10] == [key.encode() for key in [*item][:7]] + [
        b"patient",
        b"patient_id",
    ]


def test_what_may_be_null_is_null(organization, api):
    bare = EncounterFactory(organization=organization, date_of_service=None, patient=None)
    DocumentFactory(encounter=bare, title=None, status=None, workflow_variant=None, audio_duration_seconds=None)
    item = api.get().json()["items"][0]
    assert item["patient"] is None
    assert item["date_of_service"] is None
    assert [value for key, value in item["documents"][0].items() if key not in ("document_id", "schema_type")] == [
        None
    ] * 4


def test_a_patient_without_names_is_still_a_patient(organization, api):
    nameless = {"first_name": None, "last_name": None, "date_of_birth": None}
    encounter = EncounterFactory(organization=organization, **{f"patient__{key}": None for key in nameless})
    assert api.get().json()["items"][0]["patient"] == {"patient_id": encounter.patient.public_id, **nameless}


def test_a_fraction_of_six_digits_only_where_it_is_not_zero(organization, api):
    EncounterFactory(organization=organization, created_at=datetime(2026, 5, 25, 14, 0, 0, 120_000, tzinfo=UTC))
    item = api.get().json()["items"][0]
    assert item["created_at"] == "2026-05-25T14:00:00.120000Z"


def test_documents_by_creation_then_id_and_withdrawn_ones_not_at_all(organization, api):
    encounter = EncounterFactory(organization=organization)
    first, *tied = (
        DocumentFactory(encounter=encounter, created_at=encounter.created_at + timedelta(hours=n)) for n in (0, 1, 1, 1)
    )
    DocumentFactory(encounter=encounter, withdrawn_at=timezone.now())
    ids = [document["document_id"] for document in api.get().json()["items"][0]["documents"]]
    assert ids == [first.public_id, *sorted(document.public_id for document in tied)]


def test_a_withdrawn_patient_is_not_served(organization, api):
    EncounterFactory(organization=organization, patient__withdrawn_at=timezone.now())
    assert api.get().json()["items"][0]["patient"] is None


def test_another_organizations_patient_is_never_served(organization, api):
    EncounterFactory(organization=organization, patient__organization=OrganizationFactory())
    assert api.get().json()["items"][0]["patient"] is None


@pytest.mark.parametrize("order", ["asc", "desc"])
def test_the_order_is_by_time_then_by_code_point(organization, api, order):
    start = datetime(2026, 5, 25, tzinfo=UTC)
    rows = [
        EncounterFactory(organization=organization, created_at=start + timedelta(microseconds=n // 6))
        for n in range(24)
    ]
    expected = [
        row.public_id for row in sorted(rows, key=lambda row: (row.created_at, row.public_id), reverse=order == "desc")
    ]
    pages = [api.get(query=f"limit=5&offset={at}&sort_order={order}").json() for at in range(0, 25, 5)]
    assert [item["encounter_id"] for page in pages for item in page["items"]] == expected
    assert {page["total"] for page in pages} == {24}


def test_a_page_past_the_end_still_has_the_total(organization, api):
    EncounterFactory(organization=organization)
    assert api.get(query="limit=7&offset=10000").json() == {"items": [], "limit": 7, "offset": 10000, "total": 1}


def test_only_ones_own_clinical_encounters_are_listed_and_counted(organization, api):
    mine = EncounterFactory(organization=organization)
    EncounterFactory()
    for record_class in ("demo", "training"):
        EncounterFactory(organization=organization, record_class=record_class)
    answer = api.get().json()
    assert ([item["encounter_id"] for item in answer["items"]], answer["total"]) == ([mine.public_id], 1)


# What a verdict costs ------------------------------------------------------------------------------------------------


def statements(call) -> int:
    with CaptureQueriesContext(
        connection,
    ) as captured:
        call()
    return len(captured)


@pytest.mark.parametrize(
    ("authorization", "most"),
    [
        (None, 0),
        ("Basic x", 0),
        ("Bearer x", 1),
        ("Bearer ch_sk_test_x", 1),
        (f"Bearer {tokens.mint(is_test=False).text}", 1),
    ],
)
def test_sql_statements_of_a_refusal(db, authorization, most):
    assert statements(lambda: Api().get(authorization=authorization)) == most


@pytest.mark.parametrize("size", [1, 5, 40])
def test_sql_statements_do_not_grow_with_the_page(organization, api, monkeypatch, size):
    encounters = [DocumentFactory(encounter__organization=organization).encounter for _ in range(size)]
    one = f"{LIST}/{encounters[0].public_id}"
    now = timezone.now()
    monkeypatch.setattr(timezone, "now", lambda: now)
    assert [api.get(path).status_code for path in (LIST, one)] == [200, 200]
    assert statements(lambda: api.get(query="limit=100")) == 3
    assert statements(lambda: api.get(one)) == 3
    assert statements(lambda: api.get(query="limit=0")) == 2


@pytest.mark.parametrize(("limited", "most"), [((), 3), (("key",), 4), (("key", "organization"), 7)])
def test_only_calls_with_a_limit_pay_for_it(organization, monkeypatch, limited, most):
    key, token = issue(organization)
    one = f"{LIST}/{EncounterFactory(organization=organization).public_id}"
    now = timezone.now()
    monkeypatch.setattr(timezone, "now", lambda: now)
    for row in [row for name, row in (("key", key), ("organization", organization)) if name in limited]:
        limit(row, 3)
    assert Api(token).get(one).status_code == 200
    assert statements(lambda: Api(token).get(one)) == most
    LimitUse.objects.update(calls=3)
    assert statements(lambda: Api(token).get(one)) == (2 if limited else most)
