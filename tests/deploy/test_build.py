"""deploy/build: what its steps write, and that they leave alone what is as it should be."""

import fcntl
import os
import re
import subprocess
from pathlib import Path

import pytest

from tests.deploy.steps import DEPLOY, sourced
from tests.nginx import filled
from tests.server.deployment import ROOT

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="needs root, as deploy/build does")


@needs_root
def test_a_file_is_written_once_and_with_its_mode(tmp_path):
    script = f"""
    for text in one one two; do printf "$text" | put 0640 root:root {tmp_path}/made/file; done
    printf three | put_once 0640 root:root {tmp_path}/made/file
    printf four | put_once 0400 root:root {tmp_path}/made/secret
    """
    assert sourced(script, tmp_path).count("wrote") == 3
    assert ((tmp_path / "made/file").read_text(), (tmp_path / "made/secret").read_text()) == ("two", "four")
    assert [(tmp_path / "made" / name).stat().st_mode & 0o777 for name in ("file", "secret")] == [0o640, 0o400]


@needs_root
def test_nothing_is_written_where_nothing_comes_in_and_an_empty_file_is_no_secret(tmp_path):
    assert "nothing to write" in sourced(f": | put 0644 root:root {tmp_path}/file", tmp_path, check=False)
    (tmp_path / "empty").touch()
    told = sourced(f"echo secret | put_once 0600 root:root {tmp_path}/empty", tmp_path, check=False)
    assert "is empty" in told
    assert [path.name for path in tmp_path.iterdir()] == ["empty"]


@needs_root
def test_a_file_that_is_there_keeps_what_it_says_and_gets_its_mode(tmp_path):
    file = tmp_path / "file"
    file.write_text("an operator's")
    file.chmod(0o777)
    sourced(f"echo ours | put_once 0440 root:root {file}", tmp_path)
    assert (file.read_text(), file.stat().st_mode & 0o777) == ("an operator's", 0o440)


GIVEN = (
    "names={folder}/names; PARTNERS_NAME=api.example.com STAFF_NAME=staff.example.com STAFF_NETWORKS='::1 10.20.0.0/16'"
)
WRONG = {
    "PARTNERS_NAME=https://api.example.com": "is not a host name",
    "STAFF_NAME=api.example.com": "need two names",
    "STAFF_NETWORKS=10.20.0.1/16": "A network of staff is wrong: 10.20.0.1/16 has host bits set",
    "as_names >$names; STAFF_NETWORKS=::1": "This machine was built with another address, other names",
    "CERTIFICATE=/dev/null": "must name a certificate and its key",
}


@pytest.mark.parametrize(("change", "said"), WRONG.items(), ids=range(len(WRONG)))
def test_what_is_given_is_looked_at_before_anything_is_written(tmp_path, change, said):
    given = GIVEN.format(folder=tmp_path)
    assert sourced(f"{given}; check_given; as_names >$names; check_given", tmp_path) == ""
    (tmp_path / "names").unlink()
    assert re.search(said, sourced(f"{given}; {change}; check_given", tmp_path, check=False))


@pytest.fixture
def handed(tmp_path):
    """The files that an operator copies from the first machine to another, changed as they must be."""
    values = dict.fromkeys(("SEAL_PUBLIC_KEYS", "SECRET_KEY", "DIGEST_KEY", "WEB_PASSWORD"), "x")
    names = {"PARTNERS_NAME": "api.example.com", "STAFF_NAME": "staff.example.com"}
    for file in ("environment", "secrets"):
        text = filled(f"etc/{file}", **values, **names).replace("@127.0.0.1:", "@10.30.0.11:")
        (tmp_path / file).write_text(text.replace("\nCHARTERO_CHECKPOINT_FILE", "\n#CHARTERO_CHECKPOINT_FILE"))
    return tmp_path


HANDED = "names={folder}/names; etc={folder}; ADDRESS=10.30.0.12\n"
NOT_HANDED = {
    "rm secrets": "secrets is missing: copy it from the first machine",
    "sed -i s/@10.30.0.11:/@127.0.0.1:/ secrets": "DATABASE_URL in .*secrets points to this machine",
    "sed -i s/@10.30.0.11:5432/@localhost/ secrets": "DATABASE_URL in .*secrets points to this machine",
    "sed -i s/@10.30.0.11:5432/@%2Frun%2Fpostgresql/ secrets": "DATABASE_URL in .*secrets points to this machine",
    "sed -i 's|//chartero_web.*@10.30.0.11:5432|//|' secrets": "DATABASE_URL in .*secrets points to this machine",
    "sed -i s/^#CHARTERO_CHECK/CHARTERO_CHECK/ environment": "put a # before it",
    "ADDRESS=app.example.com": "is not the IPv4 address",
    "echo x >names": "This machine was built with another address",
}


@pytest.mark.direct
@pytest.mark.parametrize(("change", "said"), NOT_HANDED.items(), ids=range(len(NOT_HANDED)))
def test_an_application_machine_uses_what_it_was_handed_and_makes_no_secret(handed, change, said):
    given = HANDED.format(folder=handed)
    before = {path.name: path.read_text() for path in handed.iterdir()}
    assert "Without CHARTERO_S3_BUCKET" in sourced(f"{given} check_given", handed)
    assert {path.name: path.read_text() for path in handed.iterdir()} == before
    assert re.search(said, sourced(f"{given} {change}; check_given", handed, check=False))


@pytest.mark.parametrize(("pooler", "refused"), [("none", True), ("transaction", False)])
def test_an_application_machine_reaches_the_database_by_a_pooler_of_its_own(handed, pooler, refused):
    change = f"sed -i s/@10.30.0.11:5432/@127.0.0.1:6432/ secrets; echo CHARTERO_POOLER={pooler} >>environment"
    told = sourced(f"{HANDED.format(folder=handed)} {change}; check_given", handed, check=False)
    assert ("points to this machine" in told) == refused


def test_what_the_shell_of_root_exports_changes_nothing(tmp_path, monkeypatch):
    (line,) = re.findall(r"^unset .+", (DEPLOY / "build").read_text(), re.MULTILINE)
    for name in ("ADDRESS", "CHARTERO_BUILDING", "CHARTERO_RELEASE"):
        monkeypatch.setenv(name, "10.30.0.12")
    script = f'{line}\naddress; echo " ${{CHARTERO_RELEASE-unset}}"'
    assert sourced(script, tmp_path) == "127.0.0.1 unset\n"


def test_what_is_given_is_checked_before_packages_that_start_servers():
    text = (DEPLOY / "build").read_text()
    assert text.index("install_packages python3 openssl") < text.index("\ncheck_given") < text.index('"${packages[@]}"')


def test_an_application_machine_serves_at_its_address_and_runs_nothing_at_set_times(tmp_path):
    told = sourced("ADDRESS=10.30.0.12; users; enabled_units; as_names", tmp_path)
    web = [f"chartero-web@{part}.{kind}" for part in ("partners", "staff") for kind in ("socket", "service")]
    assert told.splitlines() == ["chartero", *web, "chartero-webhooks.service", "ADDRESS='10.30.0.12'"]
    first = sourced("users; enabled_units", tmp_path).splitlines()
    timers = [path.name for path in DEPLOY.glob("systemd/*.timer")]
    more = ["chartero-seals.service", *sorted(timers)]
    assert sorted(first[1:]) == sorted([*web, "chartero-webhooks.service", *more])
    for part, port in (("partners", 8000), ("staff", 8001)):
        for address in ("10.30.0.12", "127.0.0.1"):
            script = f"ADDRESS={address}; addressed $deploy/systemd/chartero-web@{part}.socket"
            assert f"ListenStream={address}:{port}\n" in sourced(script, tmp_path)


def test_one_name_is_not_enough():
    done = subprocess.run([DEPLOY / "build", "one.example.com"], capture_output=True, text=True)
    assert done.returncode == 1
    assert "Usage" in done.stderr or "root" in done.stderr


@needs_root
def test_two_builds_do_not_run_at_once():
    with Path("/run/chartero-build.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        done = subprocess.run([DEPLOY / "build", "one.example.com"], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (1, "deploy/build is running already.\n")


def test_a_service_that_is_not_ready_stops_the_build(tmp_path):
    told = sourced("seq() { echo 1; }; sleep() { :; }; ready 127.0.0.1:1", tmp_path, check=False)
    assert "The service at 127.0.0.1:1 is not ready" in told


def test_an_nginx_that_keeps_its_old_files_stops_the_build(tmp_path):
    script = """
    seq() { echo 1; }
    bash -c 'trap "" HUP; sleep 20; :' & pid=$!
    until [ -n "$(</proc/$pid/task/$pid/children)" ]; do :; done
    trap 'kill $(</proc/$pid/task/$pid/children)' EXIT
    echo $pid >nginx.pid
    pidfile=nginx.pid
    reload_nginx
    """
    assert "nginx still serves by its old files" in sourced(script, tmp_path, check=False)


@pytest.mark.parametrize(
    ("setting", "has_it", "expected"),
    [
        ("CHARTERO_S3_BUCKET='recordings'", False, "deploy/s3.txt"),
        ("CHARTERO_S3_BUCKET=recordings", False, "deploy/s3.txt"),
        ("CHARTERO_S3_BUCKET='recordings'", True, ""),
        ("CHARTERO_S3_BUCKET=''", False, ""),
        ("#CHARTERO_S3_BUCKET='recordings'", False, ""),
        ("CHARTERO_OTLP_ENDPOINT='http://127.0.0.1:4318'", False, "deploy/otel.txt"),
        ("CHARTERO_OTLP_ENDPOINT='http://127.0.0.1:4318'", True, ""),
    ],
)
def test_what_an_extra_needs_is_installed_where_it_is_set(tmp_path, setting, has_it, expected):
    (tmp_path / "environment").write_text(f"CHARTERO_DEBUG='0'\n{setting}\n")
    programs = tmp_path / ".venv/bin"
    programs.mkdir(parents=True)
    for name, script in {"python": f"exit {0 if has_it else 1}", "pip": 'for last; do :; done; echo "$last"'}.items():
        (programs / name).write_text(f"#!/bin/sh\n{script}\n")
        (programs / name).chmod(0o755)
    said = sourced(f"RELEASE={tmp_path} etc={tmp_path}; install_extras", tmp_path)
    assert said.rpartition(f"{tmp_path}/")[2].strip() == expected


def test_each_part_of_a_release_exists():
    text = (DEPLOY / "steps/release.sh").read_text()
    parts = text.partition("local parts=(")[2].partition(")")[0].split()
    assert [part for part in parts if not (ROOT / part).exists()] == []
    wanted = {path.parent.name for path in ROOT.glob("*/__init__.py")} - {"tests", "benchmarks"}
    assert wanted <= set(parts)
