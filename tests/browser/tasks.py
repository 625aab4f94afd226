"""Ten tasks of staff on the demonstration, in a browser: the clicks, fields and seconds of each, and if it was right.

python -m tests.browser.tasks [--only WORD]
"""

import argparse
import csv
import json
import os
import secrets
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
django.setup()

from tests.browser import chromium  # noqa: E402
from tests.browser.counting import Person  # noqa: E402
from tests.browser.site import Site, new_site  # noqa: E402

LIST, REQUEST_ID = "/external/v1/encounters", "X-Request-ID"
NORTHGATE = "Northgate Family Practice (demo)"
READS = ("encounters:read", "patients:read", "documents:read")
WRITTEN_WITHIN = 150  # seconds; answers without a key are written once a minute
Task = Callable[[Person], None]


class Wrong(Exception):
    """The pages led to a wrong answer, or to none."""


def expect(right: bool, what: str) -> None:
    """Raise `Wrong` unless the answer is right."""
    if not right:
        raise Wrong(what)


def onboard(person: Person) -> None:
    """Onboard a partner, up to its first call that is served"""
    person.follow("Organizations")
    person.follow("New organization")
    person.fill("Name", "Lakeside Clinic")
    person.press("Create organization")
    person.follow("Issue key")
    person.fill("Label", "EHR sync")
    person.press("Encounters")
    person.fill("Reason (optional)", "A contract is signed.")
    person.press("Review")
    person.press("Issue key")
    expect(status(person.site, shown_token(person)) == 200, "the first call is not served")


def diagnose(person: Person) -> None:
    """Diagnose ten failing calls from their request ids"""
    calls = failing_calls(person.site)
    expect(len(calls) == 10, "not ten calls")
    for _, request_id in calls:
        wait_until_written(person, request_id)
    person.begin()
    wrong = [code for code, request_id in calls if not diagnosed(person, request_id, code)]
    expect(not wrong, f"{10 - len(wrong)} of 10 are right, but not {', '.join(wrong)}")


def find_leaked(person: Person) -> None:
    """Find a leaked key from six forms of text"""
    token = person.site.token
    forms = [
        token,
        f"CHARTERO_KEY={token}",
        f'{{"key": "{token}"}}',
        f"curl -H 'Authorization: Bearer {token}' https://api.example.com{LIST}",
        token.removeprefix("ch_sk_test_").removeprefix("ch_sk_"),
        token[:40],
    ]
    for form in forms:
        person.search(form)
        expect(token[:18] in person.text, f"form {forms.index(form) + 1} of {len(forms)} is not found")


def who_may_read_recordings(person: Person) -> None:
    """List who may read recordings"""
    person.follow("API keys")
    person.choose("State", "Active")
    person.click(person.page.locator("summary", has_text="More filters"))
    person.choose("Scope", "recordings:read")
    person.choose("Route enabled", "documents.audio")
    person.choose("Allowlisted", "Yes")
    person.press("Filter")
    query = (
        "scopes__name='recordings:read', organization__allowlisted=True, "
        "organization__route_grants__route='documents.audio'"
    )
    expect(sorted(person.column("Label")) == labels(person.site, query), "other keys are listed")


def which_expire(person: Person) -> None:
    """List the keys that expire within 30 days"""
    list_expiring(person)
    expect(sorted(person.column("Label")) == expiring(person.site), "other keys are listed")


def export_expiring(person: Person) -> None:
    """Download these keys as a CSV file"""
    list_expiring(person)
    with person.page.expect_download() as download:
        person.press("Download CSV")
    rows = csv.DictReader(download.value.path().read_text().splitlines())
    expect(sorted(row["label"] for row in rows) == expiring(person.site), "other keys are in the file")


def has_moved(person: Person) -> None:
    """Say if a partner has moved to the new key"""
    told = person.column("Moved?")
    expect(bool(told) and all(text.startswith(("Moved", "Moving", "Not moved")) for text in told), "Home doesn't say")


def changes_of_a_colleague(person: Person) -> None:
    """Say what a colleague changed last week"""
    person.menu("Look up", "Changes")
    person.fill("Person", "demo")
    person.choose("Time", "Last 7 days")
    person.press("Filter")
    expect({text.split()[0] for text in person.column("Person")} == {"demo"}, "others are listed")
    expect("Key disabled" in person.text and "Key revoked" in person.text, "a change is missing")


def replace_expired(person: Person) -> None:
    """Replace an expired key"""
    person.search("Pilot")
    person.click(person.page.get_by_role("listitem").filter(has_text=NORTHGATE).get_by_role("link"))
    person.follow("Issue a replacement")
    person.press("Review")
    person.press("Issue key")
    expect(status(person.site, shown_token(person)) == 200, "the new key is not served")


def new_colleague(person: Person) -> None:
    """Add a colleague, who signs in"""
    password = secrets.token_urlsafe(16)
    person.menu("Administer", "Users")
    person.follow("New user")
    person.fill("Name to sign in", "colleague-person")
    person.tick("Support")
    person.fill("Password", password)
    person.fill("Password confirmation", password)
    person.fill("Reason", "a new colleague")
    person.press("Add user")
    person.site.passwords["colleague"] = password
    page = person.site.page()
    person.site.sign_in(page, "colleague")
    expect(page.get_by_role("navigation", name="Pages").count() == 1, "the colleague can't sign in")
    person.site.close(page)


TASKS: dict[Task, str] = {
    onboard: "onboarding",
    diagnose: "support",
    find_leaked: "support",
    who_may_read_recordings: "support",
    which_expire: "support",
    export_expiring: "support",
    has_moved: "support",
    changes_of_a_colleague: "security",
    replace_expired: "onboarding",
    new_colleague: "superuser",
}


def failing_calls(site: Site) -> list[tuple[str, str]]:
    """Make ten calls that fail for ten reasons; return the code and the request id of each."""
    deployment = site.deployment

    def issue(*arguments: str) -> dict[str, str]:
        return deployment.report("issue_key", "--label", "Refused", *arguments)

    every = ["--scope", *READS]
    waiting = deployment.report("create_organization", "Without routes")["organization_id"]
    newcomer = deployment.report("create_organization", "A newcomer")["organization_id"]
    deployment.manage("set_access", waiting, "--allow")
    disabled = issue("--organization", NORTHGATE, *every)
    deployment.manage("disable_key", disabled["key_id"], "--reason", "a test")
    token = site.token
    calls = [
        (None, ""),
        (token[:-1], ""),
        (token[:18] + "0" * 43 + token[-6:], ""),
        (disabled["token"], ""),
        (issue("--organization", newcomer, *every)["token"], ""),
        (issue("--organization", waiting, *every)["token"], ""),
        (issue("--organization", NORTHGATE, "--scope", "encounters:read")["token"], ""),
        (token, "?cursor=1"),
        (token, "?limit=500"),
        (token, "/nothing"),
    ]
    answers = [deployment.get(LIST + rest, token=sent) for sent, rest in calls]
    return [(answer.json()["reason_code"], answer.headers[REQUEST_ID]) for answer in answers]


def wait_until_written(person: Person, request_id: str) -> None:
    """Wait for an answer to be written; those without a key are written once a minute."""
    until = time.monotonic() + WRITTEN_WITHIN
    person.search(request_id)
    while "is on record" in person.text and time.monotonic() < until:
        person.page.wait_for_timeout(2_000)
        person.page.reload()


def diagnosed(person: Person, request_id: str, code: str) -> bool:
    """Look for a call; return True if its page names the code and who can fix it."""
    person.search(request_id)
    return f" {code} because" in person.text and "Who can fix it" in person.text


def list_expiring(person: Person) -> None:
    person.follow("API keys")
    person.choose("Expires", "Within 30 days")
    person.press("Filter")


def shown_token(person: Person) -> str:
    return person.page.locator("#token").inner_text()


def status(site: Site, token: str) -> int:
    return site.deployment.get(LIST, token=token).status


def expiring(site: Site) -> list[str]:
    return labels(site, "expires_at__lt=timezone.now() + timedelta(days=30)")


def labels(site: Site, query: str) -> list[str]:
    """Return the labels of the active keys that match, as the database says."""
    script = f"""
import json
from datetime import timedelta
from django.utils import timezone
from partners.models import ApiKey
print(json.dumps(sorted(key.label for key in ApiKey.objects.filter({query}) if key.state == "active")))
"""
    return json.loads(site.deployment.manage("shell", "--no-imports", "-c", script))


def done(site: Site, task: Task, role: str) -> tuple[Person, str]:
    """Do a task; return who did it, and what is wrong with the result."""
    person = Person(site, role)
    try:
        task(person)
    except Exception as fault:  # a page that lacks what the task needs is a result too
        return person, str(fault).partition("\n")[0] or type(fault).__name__
    return person, ""


def main() -> int:
    """Do the tasks, and print a table. The exit code is 1 if one of them went wrong."""
    parser = argparse.ArgumentParser(prog="python -m tests.browser.tasks", description="Measure ten tasks of staff.")
    parser.add_argument("--only", metavar="WORD", default="", help="only the tasks whose description has this word")
    arguments = parser.parse_args()
    if lacking := chromium.missing():
        parser.error(lacking)
    failed = 0
    sys.stdout.write(f"{'clicks':>6} {'fields':>6} {'seconds':>8}  task\n")
    with tempfile.TemporaryDirectory() as data, chromium.launched() as browser, new_site(Path(data), browser) as site:
        for task, role in TASKS.items():
            if arguments.only not in (task.__doc__ or ""):
                continue
            person, wrong = done(site, task, role)
            failed += bool(wrong)
            told = f"{task.__doc__}{f': WRONG, {wrong}' if wrong else ''}"
            sys.stdout.write(f"{person.clicks:6} {person.fields:6} {person.seconds:8.1f}  {told}\n")
            sys.stdout.flush()
            person.leave()
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
