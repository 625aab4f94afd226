"""The page about leaked keys: what it finds, what it says they read, and what is done about each."""

import re
from datetime import timedelta

import pytest
from django.core import signing
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import OperationalError, connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from partners.admin.leaks import forms, page
from partners.keys import tokens
from partners.leaks import mail
from partners.models import ApiKey, ChangeEvent, KeyLeak, KeyState
from partners.models.change import Action
from partners.models.keys.leak import Proof
from tests.factories import CHANGE, OrganizationFactory, issue
from tests.partners.support.diagnosing import text_of, with_wrong_secret
from tests.partners.support.staff import make_stale

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("postbox")]
PAGE, REPORT, LIST = "/admin/leaks/", "/admin/leaks/report/", "/admin/partners/apikey/"
PLACE = "https://git.example.com/commit/1"


def search(client, text="", **values):
    return client.post(PAGE, {"text": text} | values)


def found_in(answer) -> str:
    """Return what the form carries to the report."""
    return answer.context["form"]["found"].value()


def report(client, answer, choices, **values):
    chosen = {f"key_{key.pk}": choice for key, choice in choices.items()}
    given = {"place": PLACE, "reason": "a scanner told us", "ticket": "T-1", "found": found_in(answer)}
    return client.post(REPORT, given | chosen | values, follow=True)


@pytest.fixture
def leaked(organization) -> tuple[ApiKey, str]:
    organization.set_contact(CHANGE, name="", email="desk@example.com")
    return issue(organization)


def test_the_page_says_which_keys_are_in_a_text_and_what_that_proves(support, organization):
    (whole, first), (quoted, second), (other, third) = (issue(organization, label=f"Invented {at}") for at in range(3))
    text = f"KEY={first}\n{second[:30]}\n{with_wrong_secret(third)}\n{tokens.mint(is_test=False).text}"
    answer = search(support, text)
    assert [(match.key, match.proof) for match, *_ in answer.context["rows"]] == [
        (whole, Proof.WHOLE),
        (other, Proof.MISMATCH),
        (quoted, Proof.PUBLIC_PART),
    ]
    assert "3 keys found in the text" in text_of(answer)
    assert "1 whole token in the text doesn't match any key" in text_of(answer)
    assert not [token for token in (first, second, third) if token[18:30] in answer.text]


def test_a_file_of_a_megabyte_is_searched_to_its_end(support, leaked):
    key, token = leaked
    file = SimpleUploadedFile("x.log", b"\xff log line\n" * 90_000 + token.encode())
    assert [match.key for match, *_ in search(support, file=file).context["rows"]] == [key]


def test_a_text_that_is_refused_is_not_shown_again(security, leaked):
    answer = search(security, leaked[1], since="no date")
    assert "Enter a date" in answer.text
    assert leaked[1][18:] not in answer.text


def test_something_to_search_is_required(support):
    assert "Paste a text or choose a file." in search(support).text


def test_nothing_found_is_no_reassurance(support):
    assert "A key may still have leaked." in search(support, "nothing").text


@pytest.mark.parametrize(("role", "told_all"), [("support", False), ("onboarding", False), ("security", True)])
def test_only_who_may_account_for_disclosures_reads_what_a_key_read(request, told, role, told_all):
    told.record(told.encounter())
    answer = search(request.getfixturevalue(role), told.key.quotable)
    assert ("1 patient, 1 encounter, 0 documents, 1 network" in text_of(answer)) == told_all
    assert (f"/{told.key.pk}/reads/" in answer.text) == told_all


def test_what_they_read_is_told_for_a_period(security, told):
    told.record(told.encounter())
    assert "Nothing" in text_of(search(security, told.key.quotable, until="2026-01-01"))


def test_a_year_is_offered_first(security):
    year_ago = timezone.now() - timedelta(days=365)
    assert f'value="{year_ago:%Y-%m-%d}"' in security.get(PAGE).text


def test_a_count_that_takes_too_long_leaves_the_rest_of_the_page(security, leaked, monkeypatch):
    def fail(*arguments):
        raise OperationalError

    monkeypatch.setattr(page.reads, "of_keys", fail)
    answer = search(security, leaked[1])
    assert page.TOO_LONG in answer.text
    assert "Not counted" in answer.text


def test_nothing_of_the_search_is_on_record_or_takes_a_fresh_password(security, leaked):
    make_stale(security)
    before = ChangeEvent.objects.count()
    assert "1 key found" in text_of(search(security, leaked[1]))
    assert ChangeEvent.objects.count() == before


def test_the_statements_are_the_same_for_any_number_of_keys(security, organization):
    texts = [issue(organization)[1] for _ in range(5)]
    numbers = set()
    for number in (1, 5):
        with CaptureQueriesContext(connection) as captured:
            search(security, " ".join(texts[:number]))
        numbers.add(len(captured))
    assert len(numbers) == 1


# Reporting ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("choice", "state", "words"),
    [
        ("notify", KeyState.ACTIVE, "is reported as leaked. The contact was e-mailed."),
        ("disable", KeyState.DISABLED, "is reported as leaked and disabled. The contact was e-mailed."),
        ("revoke", KeyState.REVOKED, "is reported as leaked and revoked. The contact was e-mailed."),
    ],
)
def test_one_form_reports_a_key_acts_and_tells_the_contact(security, leaked, mailoutbox, choice, state, words):
    key, token = leaked
    answer = report(security, search(security, token), {key: choice}, notify="on", confirmed="on")
    assert answer.redirect_chain == [(PAGE, 302)]
    assert f"Key {key.quotable}… {words}" in text_of(answer)
    key.refresh_from_db()
    assert (key.state, key.leaks.get().found, len(mailoutbox)) == (state, Proof.WHOLE, 1)
    event = ChangeEvent.objects.get(action=Action.KEY_LEAKED)
    assert (event.by, event.reason, event.ticket) == ("Security-person", "a scanner told us", "T-1")


def test_each_key_is_dealt_with_as_chosen_and_some_are_left_out(security, organization):
    keys, texts = zip(*(issue(organization) for _ in range(3)), strict=True)
    report(security, search(security, " ".join(texts)), {keys[0]: "disable", keys[1]: "", keys[2]: "notify"})
    assert [key.leaks.count() for key in keys] == [1, 0, 1]


def test_who_has_no_address_is_named(security, organization, mailoutbox):
    key, token = issue(organization)
    answer = report(security, search(security, token), {key: "notify"}, notify="on")
    assert mail.NO_ADDRESS in answer.text
    assert mailoutbox == []


def test_nobody_is_told_unless_that_was_chosen(security, leaked, mailoutbox):
    key, token = leaked
    report(security, search(security, token), {key: "notify"})
    assert (mailoutbox, KeyLeak.objects.count()) == ([], 1)


def test_a_revocation_is_confirmed(security, leaked):
    key, token = leaked
    answer = report(security, search(security, token), {key: "revoke"})
    assert "Confirm that you revoke these keys." in answer.text
    assert not KeyLeak.objects.exists()
    assert "1 key found" in text_of(answer)


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"place": ""}, "This field is required."),
        ({"reason": ""}, "This field is required."),
        ({"place": "two\nlines"}, "Where it was found"),
    ],
)
def test_a_report_that_is_refused_changes_nothing(security, leaked, values, words):
    key, token = leaked
    answer = report(security, search(security, token), {key: "disable"}, **values)
    assert words in answer.text
    assert not KeyLeak.objects.exists()


def test_a_place_with_a_token_is_removed(security, leaked):
    key, token = leaked
    answer = report(security, search(security, token), {key: "disable"}, place=f"https://x.example/?k={token}")
    assert "This text held a token" in answer.text
    assert token[18:] not in answer.text


def test_a_key_must_be_chosen(security, leaked):
    answer = report(security, search(security, leaked[1]), {leaked[0]: ""})
    assert "Choose what to do about at least one key." in answer.text


def choices(answer) -> list[str]:
    """Return what can be chosen for the only key, the initial choice last."""
    ((_, _, field),) = answer.context["rows"]
    return [*(value for value, _ in field.field.choices), field.initial]


def test_what_can_be_chosen_depends_on_the_role_the_state_and_the_proof(security, onboarding, leaked):
    key, token = leaked
    assert choices(search(security, token)) == ["", "notify", "disable", "revoke", "notify"]
    assert choices(search(onboarding, token)) == ["", "notify", "disable", "notify"]
    assert choices(search(security, token[:18]))[-1] == ""
    key.disable(CHANGE)
    assert choices(search(security, token)) == ["", "notify", "revoke", "notify"]
    key.revoke(CHANGE)
    assert choices(search(security, token)) == ["", "notify", "notify"]


def test_nobody_revokes_by_a_form_who_may_not(onboarding, leaked):
    key, token = leaked
    answer = report(onboarding, search(onboarding, token), {key: "revoke"}, confirmed="on")
    assert "Select a valid choice" in answer.text
    assert not KeyLeak.objects.exists()


def test_support_sees_no_form(support, leaked):
    answer = search(support, leaked[1])
    assert answer.context["form"] is None
    assert REPORT not in answer.text
    assert support.post(REPORT).status_code == 403


def test_a_report_without_a_search_is_sent_back(security, key):
    for text in ("", "nonsense", signing.dumps([[key.pk, "whole"]], salt="another")):
        answer = security.post(REPORT, {"found": text}, follow=True)
        assert page.EXPIRED in text_of(answer)


def test_a_search_can_be_reported_for_an_hour(security, leaked, monkeypatch):
    answer = search(security, leaked[1])
    monkeypatch.setattr(forms, "LIFETIME", -1)
    assert page.EXPIRED in text_of(report(security, answer, {leaked[0]: "notify"}))


def test_a_report_takes_a_fresh_password(security, leaked):
    answer = search(security, leaked[1])
    make_stale(security)
    assert "Confirm your password" in report(security, answer, {leaked[0]: "notify"}).text
    assert not KeyLeak.objects.exists()


# Afterwards -----------------------------------------------------------------------------------------------------------


@pytest.fixture
def reported(leaked) -> ApiKey:
    KeyLeak.report(leaked[0], CHANGE, place=PLACE, proof=Proof.WHOLE)
    return leaked[0]


def test_the_key_says_when_and_where_it_was_found(security, support, reported):
    for client, may_account in ((security, True), (support, False)):
        answer = client.get(f"{LIST}{reported.pk}/change/")
        assert f"Reported as leaked just now. It was found in {PLACE}." in text_of(answer)
        assert "Whole token found in" in text_of(answer)
        assert "The contact was not e-mailed." in text_of(answer)
        assert (f"/{reported.pk}/reads/" in answer.text) == may_account
        assert mail.message(reported.organization, [*reported.leaks.all()])[:60] in answer.text
    issued = issue(OrganizationFactory())[0]
    assert "leaked" not in security.get(f"{LIST}{issued.pk}/change/").text


def test_the_list_of_keys_filters_by_it(support, reported):
    other = issue(OrganizationFactory())[0]
    for query, shown in (("yes", [reported]), ("no", [other]), ("", [other, reported])):
        answer = support.get(f"{LIST}?leaked={query}")
        assert [*answer.context["cl"].result_list] == shown


def test_the_page_shows_what_was_reported_last(support, reported, monkeypatch):
    assert PLACE in support.get(PAGE).text
    assert "?leaked=yes" not in support.get(PAGE).text
    for number in range(10):
        KeyLeak.report(reported, CHANGE, place=f"place {number}", proof=Proof.WHOLE)
    assert "?leaked=yes" in support.get(PAGE).text


def test_the_change_leads_to_what_the_key_read(security, reported):
    event = ChangeEvent.objects.get(action=Action.KEY_LEAKED)
    answer = security.get(f"/admin/partners/changeevent/{event.pk}/change/")
    assert re.search(rf'href="{LIST}{reported.pk}/reads/"', answer.text)
    assert "Found in" in answer.text
