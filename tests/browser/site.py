"""The site that the browser visits: the production server over demo data, with a person for each role."""

import email
import json
import math
import re
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from tests.browser.watch import Watch
from tests.server.deployment import Deployment, new_deployment

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

WIDE, NARROW = 1280, 390
SIGN_INS = 10
FRESH = 600  # seconds from a sign-in to the next one, before the pages ask for the password again
HEIGHT = {WIDE: 900, NARROW: 844}
# Each role's group; who is `staff` has none.
GROUPS = {
    "superuser": None,
    "security": "Security",
    "onboarding": "Partner onboarding",
    "support": "Support",
    "staff": None,
}
TOKEN = re.compile(r"ch_sk_(?:test_)?[0-9A-Za-z]{61}")
MAKE_PEOPLE = """
from django.contrib.auth.models import Group, User
for name, group, password in {people!r}:
    user, _ = User.objects.get_or_create(username=f"{{name}}-person")
    user.is_staff, user.is_superuser = True, name == "superuser"
    user.set_password(password)
    user.save()
    user.groups.set([Group.objects.get_or_create(name=group)[0]] if group else [])
"""
FIND_ROWS = """
import datetime, json
from django.contrib.auth.models import Group, User
from encounters.models import Encounter, Restriction
from django.utils import timezone
from partners.catalogue.events import EventType
from partners.catalogue.routes import Scope
from partners.models import ApiKey, Approval, ChangeEvent, KeyHandover, OnboardingRequest, Organization, RequestRecord
from partners.models import AccessReview, UnkeyedAnswer
from partners.models import Verification, WebhookAttempt, WebhookEndpoint, WebhookEvent
from partners.models.approvals.key import WantedKey
from partners.models.change import Change
from partners.review.approvals import asking
from partners.review.staff import access
from partners.signin import people
keys = ApiKey.objects.filter(organization__name__startswith="Northgate")
labels = {"key": "EHR sync", "disabled_key": "Staging", "expired_key": "Pilot", "revoked_key": "Former vendor"}
northgate = keys.first().organization
endpoint = WebhookEndpoint.add(Change("demo", "tests"), organization=northgate,
    url="https://hooks.northgate.example/chartero/transcripts", events=[EventType.TRANSCRIPT_READY])
endpoint.show_secret(Change("demo", "tests"))
WebhookEndpoint.add(Change("demo", "tests"), organization=northgate, url="https://archive.example/in",
    events=[EventType.TRANSCRIPT_READY]).switch_off(Change("demo", "tests", reason="moved"))
for state, status, fault in (("failed", None, "connect_timeout"), ("dropped", None, ""), ("delivered", 204, "")):
    event = WebhookEvent.objects.create(type=EventType.TRANSCRIPT_READY, organization=northgate,
        encounter_id="enc_Invented1", document_id="doc_Invented1")
    why = "route_off" if state == "dropped" else ""
    delivery = endpoint.deliveries.create(event=event, state=state, why=why, attempts=2 * (state != "dropped"))
    for answer in ([(503, ""), (status, fault)] if state != "dropped" else []):
        WebhookAttempt.objects.create(delivery=delivery, at=timezone.now(), status=answer[0], fault=answer[1],
            milliseconds=184)
WebhookEndpoint.objects.filter(pk=endpoint.pk).update(failing_since=timezone.now() - datetime.timedelta(hours=9))
rows = {name: keys.get(label=label) for name, label in labels.items()} | {
    "rotated_key": keys.get(label="Nightly export", rotated_at__isnull=False),
    "event": ChangeEvent.objects.filter(api_key__label="Former vendor").first(),
    "encounter": Encounter.objects.filter(organization__name__startswith="Northgate").first(),
    "served_call": RequestRecord.objects.filter(reason_code="").first(),
    "refused_call": RequestRecord.objects.exclude(reason_code="").first(),
    "unkeyed_call": UnkeyedAnswer.objects.create(
        occurred_at=timezone.now(), source="203.0.113.9", method="GET", path="/external/v1/encounters/",
        reason_code="invalid_key", public_part=keys.get(label="EHR sync").public_part),
    "link": KeyHandover.prepare_successor(
        Change("demo", "tests"), None, ApiKey.objects.get(organization__name__startswith="Riverside", label="EHR sync"),
        overlap=datetime.timedelta(hours=24)),
    "asked": OnboardingRequest.send(
        "198.51.100.0/24", organization_name="Lakeside Imaging", contact_name="Robin Sample",
        contact_email="robin@lakeside.example", purpose="We schedule follow-up visits for our own patients.",
        wanted="documents", website="https://lakeside.example"),
    "webhook": endpoint,
    "webhook_delivery": delivery,
    "user": User.objects.get(username="support-person"),
    "group": Group.objects.get(name="Support"),
}
restricted = Encounter.objects.filter(organization=northgate, patient__isnull=False).last()
asks = Change("security-person", "203.0.113.5", "The patient asked in writing for it.")
for subject in (restricted, restricted.patient, *restricted.documents.all()[:1]):
    rows["restriction"] = Restriction.impose(subject, asks, until=timezone.now() + datetime.timedelta(days=30))
rows["restricted"] = restricted
rows["organization"] = rows["key"].organization
rows["new_organization"] = Organization.create("Harbour Street Clinic", Change("staff", "127.0.0.1"))
rows["approval"] = Approval.ask(
    "access", {"allowlist": True, "enable": ["encounters.list", "encounters.detail"]},
    Change("demo", "203.0.113.5", "The contract is signed.", "OPS-31"), None, organization=rows["new_organization"])
wanted = WantedKey(northgate, "Reporting", [Scope.ENCOUNTERS_READ], by_link=False, lifetime=datetime.timedelta(days=90))
asker, approver = (User.objects.get(username=f"{name}-person") for name in ("onboarding", "superuser"))
change = Change(asker.username, "203.0.113.5", "For the new reports.")
rows["ready_approval"] = asking.ask_for_key(wanted, change, asker)
rows["ready_approval"].approve(approver, Change(approver.username, "203.0.113.6"))
rows["review"] = AccessReview.sign(
    Change("security-person", "203.0.113.5", "Looked at each line; revoked the key of the former vendor."),
    {"people": people.with_access(), "organizations": access.of_partners()})
rows["verification"] = Verification.objects.create(
    started_at=timezone.now() - datetime.timedelta(hours=3), finished_at=timezone.now() - datetime.timedelta(hours=2),
    first_seal=1, last_seal=2, rows=5_000, faults=2, digest="0" * 64,
    first_faults=[{"kind": "altered", "words": "requests: row 4711 was altered", "number": 2}])
Verification.objects.create(
    started_at=timezone.now() - datetime.timedelta(seconds=3), finished_at=timezone.now(),
    first_seal=1, last_seal=2, rows=5_000, faults=0)
ids = {name: getattr(row, "public_id", getattr(row, "request_id", "")) for name, row in rows.items()}
print(json.dumps({name: {"pk": row.pk, "public_id": ids[name]} for name, row in rows.items()}))
"""


# What is on record before anybody looks: calls that were served, and some that were refused alike.
CALLS = ("?limit=25", *["?limit=500"] * 3, "?limit=5&start_at=2026-01-01T00:00:00Z", "/nothing")


@dataclass
class Site:
    """A served deployment, the browser that visits it, and everything that has to stay secret there."""

    deployment: Deployment
    browser: "Browser"
    passwords: dict[str, str]
    rows: dict[str, dict[str, int | str]]
    token: str
    mails: Path
    secrets: set[str] = field(default_factory=set)
    traces: list[tuple[str, str]] = field(default_factory=list)
    _sessions: dict[str, tuple[float, object]] = field(default_factory=dict)
    _watches: dict["Page", Watch] = field(default_factory=dict)

    @property
    def origin(self) -> str:
        return f"http://127.0.0.1:{self.deployment.port}"

    def path(self, template: str) -> str:
        """Return the path with the demonstration's rows filled in."""
        return template.format(**self.rows)

    def newest_mail(self) -> str:
        """Return the text of the e-mail that was sent last."""
        file = max(self.mails.iterdir(), key=lambda each: each.stat().st_mtime_ns)
        return email.message_from_bytes(file.read_bytes()).get_payload(decode=True).decode()

    def remember_secret(self, secret: str) -> None:
        """Have the sweep at the end of the suite look for `secret` everywhere; call it for each token that is met."""
        self.secrets.add(secret)

    def page(self, role: str | None = None, *, width: int = WIDE, dark: bool = False) -> "Page":
        """Return a new page, signed in if a role is given; `close()` it afterwards."""
        context = self.browser.new_context(
            base_url=self.origin,
            viewport={"width": width, "height": HEIGHT.get(width, 900)},
            color_scheme="dark" if dark else "light",
            reduced_motion="reduce",
            storage_state=self._session(role) if role else None,
        )
        context.set_default_timeout(15_000)
        watch, page = Watch(context, self.origin), context.new_page()
        self._watches[page] = watch
        return page

    def sign_in(self, page: "Page", role: str) -> None:
        """Sign in as the person of this role, as that person does: again if too many passwords are being hashed."""
        for _ in range(SIGN_INS):
            page.goto("/admin/login/")
            page.locator("input[name=username]").fill(f"{role}-person")
            page.locator("input[name=password]").fill(self.passwords[role])
            with page.expect_navigation() as answer:
                page.locator("input[name=password]").press("Enter")
            if answer.value.status != 503:
                break
        page.wait_for_url(lambda url: "/login/" not in url)

    def complaints(self, page: "Page") -> list[str]:
        """Return what went wrong in the page's context since the last time; a token that is shown is remembered."""
        self.secrets.update(TOKEN.findall(page.content()))
        return self._watches[page].reported()

    def close(self, page: "Page") -> list[str]:
        """Keep the context's traces, close it and return what went wrong unseen."""
        complaints = self.complaints(page)
        self.traces += self._watches.pop(page).traces()
        page.context.close()
        return complaints

    def _session(self, role: str) -> object:
        signed_in_at, session = self._sessions.get(role, (-math.inf, None))
        if time.monotonic() - signed_in_at > FRESH:
            page = self.page()
            self.sign_in(page, role)
            session = page.context.storage_state()
            self._sessions[role] = time.monotonic(), session
            self.close(page)
        return session


@contextmanager
def new_site(folder: Path, browser: "Browser") -> Iterator[Site]:
    """Serve a fresh deployment with the demonstration's data in `folder`."""
    with new_deployment(folder) as deployment:
        deployment.environment |= {"CHARTERO_SECOND_FACTOR": "off", "CHARTERO_ACCESS_REQUESTS": "on"}
        deployment.log = folder / "server.log"
        mails = folder.with_name(f"{folder.name}-mails")  # beside what is swept: an e-mail has to hold its link
        deployment.environment["EMAIL_URL"] = f"filemail:///{mails}"
        report = deployment.report("demo", "--no-serve")
        passwords = {role: secrets.token_urlsafe(16) for role in GROUPS}
        people = [(role, group, passwords[role]) for role, group in GROUPS.items()]
        deployment.manage("shell", "--no-imports", "-c", MAKE_PEOPLE.format(people=people))
        with deployment.serving():
            for call in CALLS:
                deployment.get(f"/external/v1/encounters{call}", token=report["token"])
            rows = json.loads(deployment.manage("shell", "--no-imports", "-c", FIND_ROWS))
            site = Site(deployment, browser, passwords, rows, report["token"], mails)
            site.secrets |= {report["token"], *passwords.values(), *(login["password"] for login in report["logins"])}
            yield site
