"""Support finds every reason code on the page "Why does this call fail?", in a browser."""

import pytest

from partners.keys import tokens

LIST = "GET /external/v1/encounters"
FIND = """
from encounters.models import Document, Encounter
for name, wanted in {{"theirs": {{}}, "training": {{"record_class": "training"}}}}.items():
    mine = Encounter.objects.filter(organization__public_id="{organization}")
    print(name, mine.filter(**wanted).first() if wanted else Encounter.objects.exclude(pk__in=mine).first())
served = Document.objects.filter(encounter__organization__public_id="{organization}",
encounter__record_class="clinical")
transcripts = served.filter(schema_type="ambient_transcript")
of = {{"note": served.filter(schema_type="document"), "draft": transcripts.filter(status="draft")}}
for name, rows in (of | {{"silent": transcripts.filter(audio=None)}}).items():
    print(name, f"{{rows.first().encounter}}/documents/{{rows.first()}}")
"""
FOUND = ("theirs", "training", "note", "draft", "silent")
UNVERIFIABLE = """
from partners.models import ApiKey
ApiKey.objects.create(label="Unverifiable", public_part="{public_part}", digest=bytes(32), digest_key_number=32767)
"""


@pytest.fixture(scope="module")
def sent(site) -> dict[str, str]:
    """Tokens and ids that lead to each refusal, made by the operator's commands."""
    deployment = site.deployment

    def issue(*arguments: str) -> str:
        return deployment.report("issue_key", "--label", "Refused", *arguments)["token"]

    every = ["--scope", "encounters:read", "patients:read", "documents:read"]
    newcomer = deployment.report("create_organization", "A newcomer")["organization_id"]
    waiting = deployment.report("create_organization", "Without routes")["organization_id"]
    deployment.manage("set_access", waiting, "--allow")
    unverifiable = tokens.mint(is_test=False)
    deployment.manage("shell", "--no-imports", "-c", UNVERIFIABLE.format(public_part=unverifiable.public_part))
    northgate = site.rows["organization"]["public_id"]
    found = deployment.manage("shell", "--no-imports", "-c", FIND.format(organization=northgate))
    return dict(line.split() for line in found.splitlines() if line.startswith(FOUND)) | {
        "good": site.token,
        "cut": site.token[:-1],
        "test": tokens.mint(is_test=True).text,
        "unknown": tokens.mint(is_test=False).text,
        "unscoped": issue(*every),
        "newcomer": issue("--organization", newcomer, *every),
        "waiting": issue("--organization", waiting, *every),
        "narrow": issue("--organization", northgate, "--scope", "encounters:read"),
        "unverifiable": unverifiable.text,
        "none": "",
    }


@pytest.mark.parametrize(
    ("key", "request_line", "answer"),
    [
        ("none", LIST, "401 missing_bearer"),
        ("test", LIST, "401 test_prefix_not_allowed"),
        ("cut", LIST, "401 malformed_token"),
        ("unverifiable", LIST, "503 digest_key_unavailable"),
        ("unknown", LIST, "401 invalid_key"),
        ("unscoped", LIST, "403 org_scope_only_required"),
        ("newcomer", LIST, "403 organization_not_allowlisted"),
        ("waiting", LIST, "403 route_not_allowed"),
        ("narrow", LIST, "403 missing_scope"),
        ("good", f"{LIST}?cursor=1", "400 unsupported_filter"),
        ("good", f"{LIST}?limit=500", "422 invalid_limit"),
        ("good", f"{LIST}?offset=x", "422 invalid_offset"),
        ("good", f"{LIST}?sort_order=up", "422 invalid_sort"),
        ("good", f"{LIST}?start_at=now", "422 invalid_query"),
        ("good", f"{LIST}/nothing", "404 encounter_not_found"),
        ("good", f"{LIST}/{{theirs}}", "403 cross_organization_denied"),
        ("good", f"{LIST}/{{training}}", "403 demo_training_denied"),
        ("good", f"{LIST}/{{note}}x", "404 document_not_found"),
        ("good", f"{LIST}/{{note}}/transcript", "400 unsupported_document_type"),
        ("good", f"{LIST}/{{draft}}/transcript", "404 transcript_not_found"),
        ("good", f"{LIST}/{{silent}}/audio", "404 audio_not_found"),
        ("good", f"{LIST}/{{note}}", "200"),
        ("good", "POST /external/v1/encounters", "405 method_not_allowed"),
        ("good", "GET /external/v1/nowhere", "404 route_not_found"),
        ("good", "GET https://elsewhere.example/external/v1/encounters", "400 bad_request"),
        ("good", LIST, "200"),
    ],
)
def test_each_refusal_is_found(staff, sent, key, request_line, answer):
    find_out(staff, sent[key], request_line.format(**sent), answer)


def test_the_global_switch_is_found(site, staff):
    site.deployment.manage("api_keys", "off", "--reason", "a test")
    try:
        find_out(staff, site.token, LIST, "401 api_keys_disabled")
    finally:
        site.deployment.manage("api_keys", "on", "--reason", "a test")


def find_out(staff, token: str, request_line: str, answer: str) -> None:
    """Paste what a partner gave, and read the answer and its code on the page."""
    page = staff.page("support")
    staff.visit(page, "/admin/diagnosis/")
    page.locator("main input[type=text]").first.fill(token)
    page.locator("main textarea").fill(request_line)
    page.get_by_role("button", name="Diagnose", exact=True).click()
    staff.calm(page)
    status, _, code = answer.partition(" ")
    text = page.inner_text("main")
    assert status in text
    assert f'"{code}"' in text or not code
    assert not token or token not in page.content()


@pytest.mark.parametrize("state", ["disabled", "revoked", "expired"])
def test_the_state_of_a_key_is_found(site, staff, state):
    page = staff.page("support")
    staff.visit(page, f"/admin/diagnosis/?key={site.rows[f'{state}_key']['public_id']}")
    page.locator("main textarea").fill(LIST)
    page.get_by_role("button", name="Diagnose", exact=True).click()
    staff.calm(page)
    assert f'"{state}_key"' in page.inner_text("main")
