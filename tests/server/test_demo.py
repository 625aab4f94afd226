"""`manage.py demo` as a new user runs it: from nothing to a served API."""

import json
import os
import signal
import subprocess
import sys

import pytest

from tests.server.deployment import ROOT, Deployment, free_port, new_database, wait_for

pytestmark = [pytest.mark.server, pytest.mark.once("sqlite")]


@pytest.fixture
def fresh(tmp_path):
    """A deployment with nothing in it, not even tables; its secrets are made on first use."""
    with new_database(tmp_path) as url:
        inherited = {name: value for name, value in os.environ.items() if not name.startswith(("CHARTERO_", "DJANGO_"))}
        yield Deployment(
            inherited | {"DATABASE_URL": url, "CHARTERO_DATA_DIR": str(tmp_path), "PYTHONWARNINGS": "ignore"}
        )


def test_one_command_from_nothing_to_a_200(fresh):
    fresh.port = free_port()
    command = [sys.executable, "manage.py", "demo", "--json", "--port", str(fresh.port)]
    demo = subprocess.Popen(
        command, cwd=ROOT, env=fresh.environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    try:
        report = json.loads(demo.stdout.readline())
        wait_for(fresh.port, demo)
        answer = fresh.get("/external/v1/encounters?limit=2", token=report["token"])
        assert [fresh.get(probe).body for probe in ("/healthz", "/readyz")] == [b"ok\n"] * 2
    finally:
        demo.send_signal(signal.SIGTERM)
        demo.communicate(timeout=30)
    assert report["base_url"] == f"http://127.0.0.1:{fresh.port}"
    assert (answer.status, answer.json()["total"] > 1000) == (200, True)
    assert answer.json()["items"][0]["organization_id"] == report["organization_id"]


def test_it_runs_again_without_harm(fresh):
    first, second = (fresh.report("demo", "--no-serve") for _ in range(2))
    assert first["organization_id"] == second["organization_id"]
    assert all(row["expected"] == row["got"] for report in (first, second) for row in report["situations"])
    with fresh.serving():
        assert fresh.get("/external/v1/encounters", token=first["token"]).status == 200
        assert fresh.get("/external/v1/encounters", token=second["token"]).status == 200
    states = {key["state"] for key in fresh.report("list_keys")["keys"]}
    assert states == {"active", "disabled", "expired", "revoked"}


def test_what_it_prints_answers_the_same_when_it_is_called(fresh):
    report = fresh.report("demo", "--no-serve")
    rows = [row for row in report["situations"] if row["call"] != "GET /external/v1/encounters"]
    assert len([row for row in rows if "/documents/" in row["call"]]) == 9
    with fresh.serving():
        for row in rows:
            method, _, target = row["call"].partition(" ")
            answer = fresh.get(target, method=method, token=report["token"])
            assert " ".join([str(answer.status), *answer.json().get("reason_code", "").split()]) == row["expected"], row


def test_it_runs_where_test_keys_are_accepted(fresh):
    fresh.environment["CHARTERO_ACCEPT_TEST_KEYS"] = "1"
    (row,) = [
        row for row in fresh.report("demo", "--no-serve")["situations"] if row["situation"].startswith("a test key")
    ]
    assert (row["expected"], row["got"]) == ("200", "200")


def test_the_secrets_it_makes_are_private(fresh, tmp_path):
    fresh.manage("check")
    assert {file.name: file.stat().st_mode & 0o777 for file in tmp_path.iterdir()} == {
        "secret_key": 0o600,
        "digest_keys": 0o600,
        "seal_keys": 0o600,
    }


def test_the_users_can_sign_in(fresh):
    for login in fresh.report("demo", "--no-serve")["logins"]:
        credentials = {"username": login["username"], "password": login["password"]}
        code = (
            f"from django.test import Client; sign_in = lambda: Client().post('/admin/login/', {credentials}, "
            f"HTTP_HOST='127.0.0.1')\n"
            f"while (answer := sign_in()).status_code == 503: pass  # too busy to hash a password in time\n"
            f"print(answer.url)"
        )
        assert fresh.manage("shell", "--no-imports", "-c", code).split()[-1].startswith("/")


def test_a_port_in_use_is_said_before_anything_is_done(fresh, served):
    done = subprocess.run(
        [sys.executable, "manage.py", "demo", "--port", str(served.port)],
        cwd=ROOT,
        env=fresh.environment,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 1
    assert "Choose another one with --port" in done.stderr
    assert done.stdout == ""


def test_it_does_not_run_in_production(fresh):
    production = {
        "CHARTERO_ENVIRONMENT": "production",
        "CHARTERO_SECRET_KEY": "k3y" * 20 + "0123456789",
        "CHARTERO_ALLOWED_HOSTS": "api.example.com",
        "CHARTERO_DIGEST_KEYS": "1:MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=",
    }
    fresh.environment |= production
    done = subprocess.run(
        [sys.executable, "manage.py", "demo", "--no-serve"],
        cwd=ROOT,
        env=fresh.environment,
        capture_output=True,
        text=True,
    )
    assert (done.returncode, "can't run in production" in done.stderr) == (1, True)
