"""Every reason code, over HTTP, from the production server, as an operator and a partner meet it."""

from urllib.parse import urlsplit

import pytest

from tests.server.conftest import ALL_SCOPES
from tests.server.deployment import new_deployment

pytestmark = pytest.mark.server
LIST = "/external/v1/encounters"
UNKNOWN = f"{LIST}/enc_{'0' * 22}"


def code(deployment, path=LIST, **call):
    answer = deployment.get(path, **call)
    assert answer.headers["Content-Type"] == "application/json"
    assert "Set-Cookie" not in answer.headers
    return (answer.status, answer.json().get("reason_code"))


def issue(deployment, *arguments):
    return deployment.report("issue_key", "--label", "Invented system", *arguments)


def test_credentials_and_access(served):
    organization = ["--organization", served.organization_id]
    key = issue(served, *organization, *ALL_SCOPES)
    assert code(served) == (401, "missing_bearer")
    assert code(served, token="x") == (401, "malformed_token")
    assert code(served, token="ch_sk_test_x") == (401, "test_prefix_not_allowed")
    assert code(served, token=key["token"]) == (200, None)
    served.manage("disable_key", key["key_id"], "--reason", "a test")
    assert code(served, token=key["token"]) == (401, "disabled_key")
    served.manage("enable_key", key["key_id"], "--reason", "a test")
    served.manage("revoke_key", key["key_id"], "--reason", "a test")
    assert code(served, token=key["token"]) == (401, "revoked_key")
    served.manage("api_keys", "off", "--reason", "a test")
    assert code(served, token=key["token"]) == (401, "api_keys_disabled")
    served.manage("api_keys", "on", "--reason", "a test")


def test_an_unknown_key(served, tmp_path):
    with new_deployment(tmp_path) as elsewhere:
        stranger = issue(elsewhere, *ALL_SCOPES)["token"]
    assert code(served, token=stranger) == (401, "invalid_key")


def test_an_expired_key(served):
    old = issue(served, "--organization", served.organization_id, *ALL_SCOPES)
    served.manage("rotate_key", old["key_id"], "--overlap", "0h")
    assert code(served, token=old["token"]) == (401, "expired_key")


def test_onboarding_step_by_step(served):
    assert code(served, token=issue(served, *ALL_SCOPES)["token"]) == (403, "org_scope_only_required")
    organization = served.report("create_organization", "A newcomer")["organization_id"]
    key = issue(served, "--organization", organization, "--scope", "encounters:read")
    assert code(served, token=key["token"]) == (403, "organization_not_allowlisted")
    served.manage("set_access", organization, "--allow")
    assert code(served, token=key["token"]) == (403, "route_not_allowed")
    served.manage("set_access", organization, "--enable", "all")
    assert code(served, token=key["token"]) == (403, "missing_scope")
    served.manage("set_scopes", key["key_id"], "encounters:read", "patients:read", "documents:read")
    assert code(served, token=key["token"]) == (200, None)
    assert code(served, f"{LIST}/{first_id(served)}", token=key["token"]) == (403, "cross_organization_denied")


def first_id(served):
    answer = served.get(f"{LIST}?limit=1", token=served.tokens["good"])
    return answer.json()["items"][0]["encounter_id"]


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        (f"{LIST}?x=1", (400, "unsupported_filter")),
        (f"{LIST}?limit=0", (422, "invalid_limit")),
        (f"{LIST}?offset=-1", (422, "invalid_offset")),
        (f"{LIST}?sort_order=up", (422, "invalid_sort")),
        (f"{LIST}?start_at=now", (422, "invalid_query")),
        (f"{LIST}?x={'y' * 6000}", (400, "unsupported_filter")),
        (UNKNOWN, (404, "encounter_not_found")),
        (f"{LIST}/%00", (404, "encounter_not_found")),
        (f"{LIST}/", (404, "route_not_found")),
        ("/external/v1/a%2Fb%FF", (404, "route_not_found")),
    ],
)
def test_queries_and_paths(served, path, expected):
    assert code(served, path, token=served.tokens["good"]) == expected


def test_training_material(served):
    sql = (
        "from encounters.models import *; print(Encounter.objects.filter(record_class='training', "
        "organization__public_id='{}').first())"
    )
    training = served.manage("shell", "--no-imports", "-c", sql.format(served.organization_id)).split()[-1]
    assert code(served, f"{LIST}/{training}", token=served.tokens["good"]) == (403, "demo_training_denied")


def test_documents(served):
    token = served.tokens["good"]
    items = served.get(f"{LIST}?limit=100", token=token).json()["items"]
    paths = {
        f"{LIST}/{item['encounter_id']}/documents/{each['document_id']}": each
        for item in items
        for each in item["documents"]
    }
    answers = {
        (each["schema_type"], last, code(served, path + last, token=token))
        for path, each in paths.items()
        for last in ("", "/transcript", "/audio")
    }
    assert answers == {
        ("document", "", (200, None)),
        ("document", "/transcript", (400, "unsupported_document_type")),
        ("document", "/audio", (400, "unsupported_document_type")),
        ("ambient_transcript", "", (200, None)),
        ("ambient_transcript", "/transcript", (200, None)),
        ("ambient_transcript", "/transcript", (404, "transcript_not_found")),
        ("ambient_transcript", "/audio", (200, None)),
        ("ambient_transcript", "/audio", (404, "audio_not_found")),
    }
    unknown = f"{LIST}/{items[0]['encounter_id']}/documents/doc_{'0' * 22}"
    assert code(served, unknown, token=token) == (404, "document_not_found")


def test_a_recording_by_its_link_and_in_part(served):
    token = served.tokens["good"]
    items = served.get(f"{LIST}?limit=100", token=token).json()["items"]
    paths = [
        f"{LIST}/{item['encounter_id']}/documents/{each['document_id']}/audio"
        for item in items
        for each in item["documents"]
    ]
    links = [
        answer.json()["audio_url"]
        for answer in (served.get(path, token=token) for path in paths)
        if answer.status == 200
    ]
    path = urlsplit(links[0]).path
    whole, part, head = (
        served.get(path),
        served.get(path, headers={"Range": "bytes=-4"}),
        served.get(path, method="HEAD"),
    )
    assert (whole.status, whole.headers["Content-Type"], whole.body[:4]) == (200, "audio/wav", b"RIFF")
    assert (part.status, part.body) == (206, whole.body[-4:])
    assert (head.status, head.headers["Content-Length"], head.body) == (200, str(len(whole.body)), b"")
    assert served.get(path[:-1]).status == 403


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS", "PATCH"])
def test_other_methods(served, method):
    answer = served.get(LIST, method=method, token=served.tokens["good"])
    assert (answer.status, answer.headers["Allow"], answer.json()["reason_code"]) == (
        405,
        "GET, HEAD",
        "method_not_allowed",
    )


def test_a_bad_host(served):
    assert code(served, headers={"Host": "elsewhere.example"}) == (400, "bad_request")


def test_a_crash_is_json_and_tells_nothing(served):
    with served_elsewhere(served, "tests.server.broken") as broken:
        answer = broken.get(LIST, token=served.tokens["good"])
    assert (answer.status, answer.json()["reason_code"]) == (500, "internal_error")
    assert b"own words" not in answer.body


def test_no_digest_key_loaded(served):
    with served_elsewhere(served, CHARTERO_DIGEST_KEYS="") as keyless:
        answer = keyless.get(LIST, token=served.tokens["good"])
    assert (answer.status, answer.json()["reason_code"]) == (503, "digest_key_unavailable")
    assert int(answer.headers["Retry-After"]) > 0


def served_elsewhere(deployment, application="chartero.wsgi", **environment):
    """Serve the same data a second time, in another way."""
    from tests.server.deployment import Deployment

    return Deployment(deployment.environment).serving(application, **environment)
