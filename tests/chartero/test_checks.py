import os
import subprocess
import sys

import pytest
from django.core.checks import run_checks

from chartero.checks import contact, deployment, mail, metrics, proxy, static_files, traces
from chartero.deployment import collectors
from tests.chartero.support.manage import DIGEST_KEY, ROOT, SECRET, manage

SAFE = {
    "ENVIRONMENT": "production",
    "DEVELOPMENT": False,
    "SECRET_KEY": SECRET,
    "ALLOWED_HOSTS": ["api.example.com"],
    "DEBUG": False,
    "ACCEPT_TEST_KEYS": False,
    "DIGEST_KEYS": DIGEST_KEY,
}
FRONT = {
    "DEVELOPMENT": False,
    "ALLOWED_HOSTS": ["api.example.com", ".example.org"],
    "BEHIND_PROXY": True,
    "REQUIRE_HTTPS": True,
    "BASE_URL": "https://api.example.com",
}


@pytest.fixture
def deploy(settings):
    """Return what the check says of a safe production deployment with some settings changed."""

    def check(**changed: object) -> list[str]:
        for name, value in (SAFE | changed).items():
            setattr(settings, name, value)
        return [fault.id for fault in deployment(None)]

    return check


@pytest.mark.parametrize("environment", ["sandbox", "production"])
def test_a_safe_deployment_has_no_fault(deploy, environment):
    assert deploy(ENVIRONMENT=environment) == []


@pytest.mark.parametrize("environment", ["", "Production", "prod", "test"])
def test_an_unknown_environment_is_e001(deploy, environment):
    assert deploy(ENVIRONMENT=environment) == ["chartero.E001"]


@pytest.mark.parametrize(
    ("changed", "fault"),
    [
        ({"SECRET_KEY": "missing"}, "chartero.E002"),
        ({"SECRET_KEY": SECRET[:49]}, "chartero.E002"),
        ({"SECRET_KEY": "abcdefghi" * 9}, "chartero.E002"),
        ({"SECRET_KEY": "django-insecure-" + SECRET}, "chartero.E002"),
        ({"ALLOWED_HOSTS": []}, "chartero.E003"),
        ({"ALLOWED_HOSTS": [".", " "]}, "chartero.E003"),
        ({"ALLOWED_HOSTS": ["api.example.com", "https://api.example.com"]}, "chartero.E003"),
        ({"ALLOWED_HOSTS": ["api.example.com:8443"]}, "chartero.E003"),
        ({"ALLOWED_HOSTS": ["api.example.com/"]}, "chartero.E003"),
        ({"DIGEST_KEYS": ","}, "chartero.E006"),
        ({"DEBUG": True}, "chartero.E004"),
        ({"ACCEPT_TEST_KEYS": True}, "chartero.E005"),
        ({"DIGEST_KEYS": ""}, "chartero.E006"),
        ({"DIGEST_KEYS": " "}, "chartero.E006"),
        ({"ALLOWED_HOSTS": ["api.example.com", "*"]}, "chartero.E007"),
    ],
)
def test_each_fault_of_production_has_its_id(deploy, changed, fault):
    assert deploy(**changed) == [fault]


@pytest.mark.parametrize(
    ("token", "faults"),
    [
        ("", []),
        ("0123456789abcdef" * 2, []),
        ("0123456789abcdef" * 2 + "==", []),
        (("0123456789abcdef" * 2)[1:], ["chartero.E021"]),
        ("012345678" * 9, ["chartero.E021"]),
        ("0123456789abcdef 0123456789abcdef", ["chartero.E021"]),
        ("0123456789abcdéf" * 2, ["chartero.E021"]),
    ],
)
def test_a_token_of_the_metrics_that_is_none_is_e021(settings, token, faults):
    settings.METRICS_TOKEN = token
    assert [fault.id for fault in metrics(None)] == faults


COLLECTOR_SET = {"CHARTERO_OTLP_ENDPOINT": "http://127.0.0.1:4318"}
COLLECTOR = {"OTLP_ENDPOINT": "http://127.0.0.1:4318"}


@pytest.mark.parametrize(
    ("changed", "installed", "faults"),
    [
        ({"OTLP_HEADERS": {"": ""}}, False, []),
        (COLLECTOR, True, []),
        (COLLECTOR, False, ["chartero.E022"]),
        ({"OTLP_ENDPOINT": "http://otlp.example.com"}, True, ["chartero.E023"]),
        (COLLECTOR | {"OTLP_HEADERS": {"X": "a\nb"}}, True, ["chartero.E024"]),
        (COLLECTOR | {"OTLP_TRACEPARENT": True}, True, ["chartero.W025"]),
        (COLLECTOR | {"OTLP_TRACEPARENT": True, "BEHIND_PROXY": True}, True, []),
    ],
)
def test_each_fault_of_a_collector_has_its_id(settings, monkeypatch, changed, installed, faults):
    monkeypatch.setattr(collectors, "is_installed", lambda: installed)
    for name, value in changed.items():
        setattr(settings, name, value)
    found = traces(None)
    assert [fault.id for fault in found] == faults
    assert all("deploy/otel.txt" in fault.hint for fault in found if fault.id == "chartero.E022")


def test_a_server_whose_package_is_missing_says_what_to_install(tmp_path):
    code = (
        "import importlib.util as found; original = found.find_spec; "
        "found.find_spec = lambda name, *rest: None if name == 'opentelemetry.proto' else original(name, *rest); "
        "import chartero.wsgi"
    )
    environment = os.environ | COLLECTOR_SET | {"CHARTERO_DATA_DIR": str(tmp_path), "DATABASE_URL": ""}
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=environment, capture_output=True, text=True)
    assert (done.returncode, "deploy/otel.txt" in done.stderr, "Traceback" in done.stderr) == (1, True, False)


@pytest.mark.parametrize(
    ("changed", "faults"),
    [
        ({"SECRET_KEY": "missing", "ALLOWED_HOSTS": []}, ["chartero.E002", "chartero.E003"]),
        ({"ACCEPT_TEST_KEYS": True, "DIGEST_KEYS": "", "ALLOWED_HOSTS": ["*"], "DEBUG": True}, []),
    ],
)
def test_a_sandbox_may_be_open_but_not_by_default(deploy, changed, faults):
    assert deploy(ENVIRONMENT="sandbox", **changed) == faults


def test_development_needs_nothing(deploy):
    changed = {"SECRET_KEY": "x", "ALLOWED_HOSTS": [], "DIGEST_KEYS": "", "DEBUG": True}
    assert deploy(ENVIRONMENT="development", DEVELOPMENT=True, **changed) == []


def test_the_shortest_secret_key_that_is_long_enough(deploy):
    assert deploy(SECRET_KEY=SECRET[:50]) == deploy(SECRET_KEY="0123456789" * 5) == []


@pytest.mark.parametrize(
    ("sender", "staff", "faults"),
    [
        ("", [], []),
        ("access@example.com", ["one@example.com", "two@example.com"], []),
        ("Partner access <access@example.com>", [], []),
        ("access", [], ["chartero.E008"]),
        ("access@example.com", ["one@example.com", "two"], ["chartero.E008"]),
        ("a@example.com\nBcc: b@example.com", [], ["chartero.E008"]),
        ("A\n <a@example.com>", [], ["chartero.E008"]),
    ],
)
def test_an_address_that_is_none_is_e008(settings, sender, staff, faults):
    settings.DEFAULT_FROM_EMAIL, settings.STAFF_EMAIL = sender, staff
    assert [fault.id for fault in mail(None)] == faults


@pytest.mark.parametrize(
    ("address", "faults"),
    [
        ("", []),
        ("api@example.com", []),
        ("api", ["chartero.E020"]),
        ("API <api@example.com>", ["chartero.E020"]),
        ("api@example.com\nExpires: never", ["chartero.E020"]),
    ],
)
def test_a_contact_that_is_not_one_bare_address_is_e020(settings, address, faults):
    settings.CONTACT_EMAIL = address
    assert [fault.id for fault in contact(None)] == faults


@pytest.mark.parametrize(
    ("changed", "faults"),
    [
        ({}, []),
        ({"BASE_URL": ""}, []),
        ({"BASE_URL": "https://API.example.com:8443"}, []),
        ({"BASE_URL": "https://one.example.org"}, []),
        ({"BASE_URL": "http://api.example.com", "REQUIRE_HTTPS": False}, []),
        ({"BEHIND_PROXY": False, "REQUIRE_HTTPS": False, "BASE_URL": ""}, []),
        ({"BEHIND_PROXY": False}, ["chartero.W009"]),
        ({"BEHIND_PROXY": False, "BASE_URL": ""}, ["chartero.W009"]),
        ({"BEHIND_PROXY": False, "REQUIRE_HTTPS": False}, ["chartero.W009"]),
        ({"BASE_URL": "http://api.example.com"}, ["chartero.E011"]),
        ({"BASE_URL": "https://elsewhere.example"}, ["chartero.W012"]),
        ({"DEVELOPMENT": True, "BEHIND_PROXY": False, "BASE_URL": "x"}, []),
    ],
)
def test_the_settings_of_the_proxy_must_agree(settings, changed, faults):
    for name, value in (FRONT | changed).items():
        setattr(settings, name, value)
    assert [fault.id for fault in proxy(None)] == faults


@pytest.mark.parametrize(
    ("base_url", "trusted"),
    [
        ("", "[]"),
        ("https://API.example.com:8443/", "['https://api.example.com:8443']"),
    ],
)
def test_forms_may_come_from_the_address_that_is_set(tmp_path, base_url, trusted):
    shown = "from django.conf import settings; print(settings.CSRF_TRUSTED_ORIGINS)"
    asked = manage(tmp_path, "shell", "--no-imports", "-c", shown, CHARTERO_BASE_URL=base_url)
    assert asked.stdout.strip() == trusted, asked.stderr


def test_the_checks_are_registered(settings):
    settings.ENVIRONMENT, settings.STAFF_EMAIL, settings.CONTACT_EMAIL = "nowhere", ["nobody"], "nobody"
    assert {"chartero.E001", "chartero.E008", "chartero.E020"} <= {fault.id for fault in run_checks()}


@pytest.mark.parametrize("hosts", [["192.0.2.7"], ["[2001:db8::7]"], [".example.com"], ["localhost", "api_1.internal"]])
def test_a_host_may_be_an_address_or_a_whole_domain(deploy, hosts):
    assert deploy(ALLOWED_HOSTS=hosts) == []


@pytest.mark.parametrize(
    ("web", "development", "collected", "faults"),
    [
        (True, False, False, ["chartero.E010"]),
        (True, False, True, []),
        (True, True, False, []),
        (False, False, False, []),
    ],
)
def test_a_web_process_starts_only_with_the_files_of_its_pages(settings, tmp_path, web, development, collected, faults):
    settings.WEB_PROCESS, settings.STATIC_ROOT = web, None if development else str(tmp_path)
    if collected:
        (tmp_path / "staticfiles.json").write_text("{}")
    assert [fault.id for fault in static_files(None)] == faults


def test_production_with_nothing_set_does_not_start(tmp_path):
    checked = manage(tmp_path, "check", CHARTERO_ENVIRONMENT="production", CHARTERO_DEBUG="1")
    assert checked.returncode != 0
    for fault in ("chartero.E002", "chartero.E003", "chartero.E004", "chartero.E006"):
        assert fault in checked.stderr
    assert list(tmp_path.iterdir()) == []


def test_production_with_no_proxy_set_says_what_to_set(tmp_path):
    checked = manage(
        tmp_path,
        "check",
        CHARTERO_ENVIRONMENT="production",
        CHARTERO_SECRET_KEY=SECRET,
        CHARTERO_DIGEST_KEYS=DIGEST_KEY,
        CHARTERO_ALLOWED_HOSTS="api.example.com",
    )
    assert checked.returncode == 0
    assert "(chartero.W009) CHARTERO_BEHIND_PROXY is not set" in checked.stderr
    assert "set CHARTERO_BEHIND_PROXY=1" in checked.stderr


def test_production_with_everything_set_starts(tmp_path):
    checked = manage(
        tmp_path,
        "check",
        CHARTERO_ENVIRONMENT="production",
        CHARTERO_SECRET_KEY=SECRET,
        CHARTERO_DIGEST_KEYS=DIGEST_KEY,
        CHARTERO_ALLOWED_HOSTS="api.example.com",
        CHARTERO_BEHIND_PROXY="1",
    )
    assert (checked.returncode, checked.stderr) == (0, "")


def test_development_with_nothing_set_starts_and_keeps_its_own_secrets(tmp_path):
    assert manage(tmp_path, "check").returncode == 0
    assert {file.name: file.stat().st_mode & 0o777 for file in tmp_path.iterdir()} == {
        "secret_key": 0o600,
        "digest_keys": 0o600,
        "seal_keys": 0o600,
    }
