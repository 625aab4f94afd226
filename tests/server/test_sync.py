"""`examples/sync.py` against the production server: over a network that fails, and while the server is restarted."""

import json
import os
import re
import signal
import stat
import subprocess
import sys
import time

import psycopg
import pytest

from tests.server.deployment import ROOT, free_port, new_deployment, wait_for
from tests.server.faulty import CUT, CUT_REFUSAL, DELAYED, DROPPED, NO_JSON, Refused, faulty
from tests.server.sync_example import LIST_ONLY, OUT, SINCE, Partner

pytestmark = pytest.mark.server
LIST = "/external/v1/encounters"
BUSY = Refused(503, "service_unavailable", {"Retry-After": "1"})
CRASHED = Refused(500, "internal_error", {"X-Request-ID": "req_crashed"})
SCOPES = ("--scope", "encounters:read", "patients:read", "documents:read")
READ = re.compile(r"([\d,]+) encounters read")


@pytest.fixture
def proxy(served):
    with faulty(served.port) as proxy:
        yield proxy


@pytest.fixture
def partner(served, proxy, tmp_path):
    """A partner with a good key, whose calls go through the proxy."""
    return Partner(tmp_path, {"CHARTERO_URL": proxy.url, "CHARTERO_KEY": served.tokens["good"]})


def listed(served) -> list[dict]:
    """Return every encounter that the API serves to the partner, in the order of the copy."""
    path = f"{LIST}?sort_order=asc&limit=100"
    total = served.get(path, token=served.tokens["good"]).json()["total"]
    pages = [
        served.get(f"{path}&offset={at}", token=served.tokens["good"]).json()["items"] for at in range(0, total, 100)
    ]
    return [item for page in pages for item in page]


def bodies(partner) -> list[dict]:
    """Return the encounters of the copy."""
    return [json.loads(body) for (body,) in partner.copied("encounter")]


def test_the_copy_is_what_the_api_serves_whatever_fails_on_the_way(served, proxy, partner):
    faults = [DROPPED, BUSY, CUT, NO_JSON, DELAYED, CRASHED, Refused(429, ""), CUT_REFUSAL, Refused(502, "")]
    proxy.faults = [each for fault in faults for each in (None, fault)]
    exit_code, said = partner.run(*SINCE, "--timeout", "3")
    assert (exit_code, proxy.faults) == (0, []), said
    assert bodies(partner) == listed(served)
    assert len(re.findall(r"retrying in \d", said)) >= len(faults)


def test_it_waits_as_long_as_it_is_asked_to(proxy, partner):
    proxy.faults = [Refused(503, "service_unavailable", {"Retry-After": "3"})]
    assert partner.run(*SINCE)[0] == 0
    assert proxy.times[1] - proxy.times[0] >= 3


def test_it_gives_up_when_its_patience_ends(proxy, partner):
    proxy.faults = [Refused(503, "service_unavailable", {"Retry-After": "60"})]
    exit_code, said = partner.run(*SINCE, "--patience", "30")
    assert (exit_code, len(proxy.times)) == (6, 1)
    assert "503 service_unavailable" in said


def test_a_service_that_fails_twice_is_left_alone(proxy, partner):
    proxy.faults = [CRASHED, CRASHED]
    exit_code, said = partner.run(*SINCE)
    assert (exit_code, len(proxy.times)) == (7, 2)
    assert "req_crashed" in said


def test_a_redirect_is_not_followed(proxy, partner):
    with faulty(proxy.upstream) as elsewhere:
        proxy.faults = [Refused(302, "", {"Location": f"{elsewhere.url}{LIST}"})]
        assert partner.run(*SINCE)[0] == 5
        assert elsewhere.paths == []


def test_a_key_that_is_revoked_meanwhile_ends_the_run_and_its_successor_goes_on(served, proxy, partner):
    issue = ["issue_key", "--label", "Copy", "--organization", served.organization_id]
    key = served.report(*issue, *SCOPES)
    proxy.faults = [None, None, lambda: served.manage("revoke_key", key["key_id"], "--reason", "a test")]
    good, partner.environment["CHARTERO_KEY"] = partner.environment["CHARTERO_KEY"], key["token"]
    exit_code, said = partner.run(*SINCE, LIST_ONLY)
    assert exit_code == 3
    assert re.search(r"401 revoked_key, X-Request-ID req_\w+\. The key has been revoked", said)
    assert len(partner.copied()) == 199
    partner.environment["CHARTERO_KEY"] = good
    assert partner.run(LIST_ONLY)[0] == 0
    assert bodies(partner) == listed(served)


def test_a_run_that_was_killed_is_taken_up_where_it_was(served, proxy, partner):
    proxy.faults = [None] * 6 + [lambda: running.kill()]
    with partner.start(*SINCE, LIST_ONLY) as running:
        _, said = running.communicate(timeout=60)
    there, reached = len(partner.copied()), partner.copied("created_at")[-1][0]
    assert there == 1 + (6 - said.count("retrying in")) * 99, said
    proxy.paths.clear()
    assert partner.run("--overlap", "0", LIST_ONLY)[0] == 0
    assert f"start_at={reached[:13]}".replace(":", "%3A") in proxy.paths[0].replace(":", "%3A")
    assert bodies(partner) == listed(served)


# Changes are read once no older transaction is open, and a server has those of other tests, too.
SETTLED = """
SELECT coalesce(max(position), 0) < pg_snapshot_xmin(pg_current_snapshot())::text::bigint
FROM encounters_encounterchange
"""
IMPORTS = "from encounters.models import Encounter; from django.utils import timezone; "


def shell(served, statement):
    """Change what is served, and wait until partners can read of it."""
    served.manage("shell", "--no-imports", "-c", IMPORTS + statement)
    url, until = served.environment["DATABASE_URL"], time.monotonic() + 60
    if url.startswith("postgres"):
        with psycopg.connect(url, autocommit=True) as connection:
            while not connection.execute(SETTLED).fetchone()[0]:
                assert time.monotonic() < until, "a transaction stays open"
                time.sleep(0.02)


def test_what_has_changed_comes_by_reading_again_and_not_by_going_on_with_the_list(served, partner):
    assert partner.run(*SINCE, LIST_ONLY)[0] == 0
    changed = bodies(partner)[0]["encounter_id"]
    cancel = f"Encounter.objects.filter(public_id='{changed}').update(status='cancelled', updated_at=timezone.now())"
    shell(served, cancel)
    assert partner.run(LIST_ONLY)[0] == 0
    assert bodies(partner)[0] != listed(served)[0]
    assert partner.run(*SINCE, LIST_ONLY)[0] == 0
    assert bodies(partner) == listed(served)
    assert bodies(partner)[0]["status"] == "cancelled"


def test_later_runs_read_what_changed_and_remove_what_was_withdrawn(served, proxy, partner):
    assert partner.run(*SINCE)[0] == 0
    assert bodies(partner) == listed(served)
    amended, gone = (body["encounter_id"] for body in bodies(partner)[:2])
    shell(served, f"Encounter.objects.filter(public_id='{amended}').update(status='unknown')")
    shell(served, f"Encounter.objects.filter(public_id='{gone}').update(withdrawn_at=timezone.now())")
    proxy.paths.clear()
    assert partner.run()[0] == 0
    assert len(proxy.paths) == 2
    assert bodies(partner) == listed(served)
    shell(served, f"Encounter.objects.filter(public_id='{gone}').update(withdrawn_at=None)")
    assert partner.run()[0] == 0
    assert bodies(partner) == listed(served)


def test_an_expired_cursor_has_the_list_read_again(served, partner):
    assert partner.run(*SINCE)[0] == 0
    served.manage("expire_cursors")
    exit_code, said = partner.run()
    assert exit_code == 0
    assert "410 cursor_expired" in said
    assert bodies(partner) == listed(served)


def test_the_key_may_come_from_a_file_and_the_copy_is_private(served, partner, tmp_path):
    (tmp_path / "key").write_text(partner.environment.pop("CHARTERO_KEY"))
    window = ("--since", "2026-01-01T00:00:00Z", "--until", "2026-01-08T00:00:00Z")
    exit_code, said = partner.run(*window, "--key-file", "key")
    assert (exit_code, served.tokens["good"] in said) == (0, False)
    assert {stat.S_IMODE((tmp_path / name).stat().st_mode) for name in (OUT, f"{OUT}.state")} == {0o600}
    assert {body["created_at"][:8] for body in bodies(partner)} == {"2026-01-"}


@pytest.mark.parametrize(
    ("arguments", "environment", "message"),
    [
        ((), {}, "Set the start"),
        (SINCE, {"CHARTERO_KEY": ""}, "Set CHARTERO_KEY"),
        (SINCE, {"CHARTERO_URL": ""}, "Set CHARTERO_URL"),
        ((*SINCE, "--key-file", "nowhere"), {}, "can't be read"),
        (("--since", "2999-01-01T00:00:00Z"), {}, "ends before it starts"),
        (("--since", "2026-01-01T00:00:00"), {}, "invalid moment value"),
    ],
)
def test_what_is_not_set_up_is_said_before_any_call(proxy, partner, arguments, environment, message):
    partner.environment |= environment
    exit_code, said = partner.run(*arguments)
    assert (exit_code, proxy.paths) == (2, [])
    assert message in said


def test_a_copy_that_cannot_be_written_is_said(partner, tmp_path):
    (tmp_path / OUT).mkdir()
    exit_code, said = partner.run(*SINCE)
    assert exit_code == 1
    assert "can't be written" in said


class Server:
    """The production server at one port, where it is ended and started again."""

    def __init__(self, deployment) -> None:
        self.deployment, self.port = deployment, free_port()

    def __enter__(self) -> "Server":
        bind = ["--bind", f"127.0.0.1:{self.port}"]
        command = [sys.executable, "-m", "gunicorn", "-c", "python:chartero.gunicorn", *bind, "chartero.wsgi"]
        self.process = subprocess.Popen(
            command,
            cwd=ROOT,
            env=self.deployment.environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        wait_for(self.port, self.process)
        return self

    def __exit__(self, *fault: object) -> None:
        self.end(signal.SIGTERM)

    def end(self, how: signal.Signals) -> None:
        """End it with all its workers: by SIGKILL in the middle of their answers."""
        os.killpg(self.process.pid, how)
        self.process.wait(30)

    def restart(self, how: signal.Signals) -> None:
        self.end(how)
        self.__enter__()


@pytest.fixture
def volume(samples, tmp_path):
    """A deployment with the 11,006 encounters of the sample export, all clinical and none withdrawn."""
    folder = tmp_path / "deployment"
    folder.mkdir()
    with new_deployment(folder) as deployment:
        organization = deployment.report("create_organization", "Invented Volume Practice")["organization_id"]
        deployment.manage("set_access", organization, "--allow", "--enable", "all")
        key = deployment.report("issue_key", "--label", "Copy", "--organization", organization, *SCOPES)
        deployment.tokens["good"] = key["token"]
        where = ["--organization", organization, "--record-class", "clinical"]
        counts = deployment.report("import_fhir", str(samples / "volume"), *where)["counts"]
        assert counts["Encounter"] == {"created": 11_006}
        yield deployment


SERVED = (
    "from encounters.models import Encounter; "
    "print(*Encounter.objects.all().served().order_by('created_at', 'public_id'))"
)


@pytest.mark.once("postgresql")
@pytest.mark.samples
def test_eleven_thousand_encounters_while_the_server_is_restarted_five_times(volume, tmp_path):
    restarts, said = 0, []
    with Server(volume) as server:
        environment = {"CHARTERO_URL": f"http://127.0.0.1:{server.port}", "CHARTERO_KEY": volume.tokens["good"]}
        partner = Partner(tmp_path, environment)
        with partner.start(*SINCE) as running:
            for line in running.stderr:
                said.append(line)
                if restarts < 5 and (read := READ.match(line)) and figure(read) > 1_800 * (restarts + 1):
                    server.restart(signal.SIGKILL if restarts % 2 else signal.SIGTERM)
                    restarts += 1
                    assert running.poll() is None
    assert (running.returncode, restarts) == (0, 5), said
    assert sum("retrying in" in line for line in said) >= 5
    served = volume.manage("shell", "--no-imports", "-c", SERVED).split()
    assert len(set(served)) == len(served) == 11_006
    assert [name for (name,) in partner.copied()] == served


def figure(read: re.Match[str]) -> int:
    return int(read[1].replace(",", ""))
