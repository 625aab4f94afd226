"""deploy/: each file is used by a test, and the small ones are what the programs that read them accept."""

import configparser
import os
import re
import shutil
import subprocess
import tempfile
from fnmatch import fnmatch
from pathlib import Path

import pytest

from tests.nginx import filled
from tests.server.deployment import ROOT

DEPLOY = ROOT / "deploy"
USED = {  # what a test does with a file: in which module, and what it says there
    "fill": ("tests/nginx.py", "deploy/fill"),
    "nginx/*": ("tests/nginx.py", "deploy/nginx"),
    "systemd/*": ("tests/deploy/test_units.py", "deploy/systemd"),
    "crontab": ("tests/deploy/test_units.py", "deploy/crontab"),
    "etc/*": ("tests/deploy/test_settings.py", "etc/"),
    "bin/*": ("tests/deploy/test_settings.py", '"bin"'),
    "requirements.txt": ("tests/test_locks.py", "deploy/requirements.txt"),
    "s3.*": ("tests/test_locks.py", "s3.in"),
    "otel.*": ("tests/test_locks.py", "otel.in"),
    "postgresql/*": ("tests/deploy/test_files.py", "postgresql"),
    "pgbouncer.ini": ("tests/pgbouncer.py", "deploy/pgbouncer.ini"),
    "logrotate": ("tests/deploy/test_files.py", "logrotate"),
    "build": ("tests/deploy/test_build.py", "deploy/build"),
    "steps/*": ("tests/deploy/test_build.py", "steps/"),
    "alerts.yml": ("tests/chartero/metrics/test_alerts.py", "alerts.yml"),
    "grafana.json": ("tests/chartero/metrics/test_alerts.py", "grafana.json"),
    "archive-wal": ("tests/rehearsal/cluster.py", "archive-wal"),
    "base-backup": ("tests/rehearsal/cluster.py", "base-backup"),
    "restore-check": ("tests/rehearsal/operator.py", "deploy/restore-check"),
    "supervisor/*": ("tests/deploy/test_files.py", "supervisor/"),
}
SCRIPTS = [path for path in sorted(DEPLOY.rglob("*")) if path.is_file() and path.read_bytes()[:3] == b"#!/"]
STEPS = sorted(DEPLOY.glob("steps/*.sh"))  # which `build` reads


def test_each_file_is_used_by_a_test():
    files = [str(path.relative_to(DEPLOY)) for path in DEPLOY.rglob("*") if path.is_file()]
    rest = [name for name in files if not any(fnmatch(name, pattern) for pattern in USED)]
    tests = "".join(path.read_text() for path in (ROOT / "tests").rglob("*.py"))
    assert [name for name in rest if Path(name).name not in tests] == []
    for pattern, (module, said) in USED.items():
        assert any(fnmatch(name, pattern) for name in files), pattern
        assert said in (ROOT / module).read_text(), pattern


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.name)
def test_a_script_is_sound(script):
    assert script.stat().st_mode & 0o111
    shell = script.read_text().splitlines()[0].rpartition("/")[2].removeprefix("env ")
    assert subprocess.run([shell, "-n", script]).returncode == 0
    assert re.search(r"^set -eu", script.read_text(), re.MULTILINE)


@pytest.mark.skipif(shutil.which("shellcheck") is None, reason="needs shellcheck")
def test_shellcheck_finds_no_fault_in_the_scripts():
    command = ["shellcheck", "--exclude", "SC1090,SC1091,SC2034,SC2154", *SCRIPTS, *STEPS]
    assert subprocess.run(command, capture_output=True, text=True).stdout == ""


def test_a_value_that_is_missing_stops_the_filling():
    done = subprocess.run([DEPLOY / "fill", DEPLOY / "etc/secrets"], capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (1, "")
    assert "@DIGEST_KEY@" in done.stderr


def test_a_value_is_put_in_as_it_is():
    assert "1:a&b\\1|c'" in filled("etc/secrets", SECRET_KEY="x", DIGEST_KEY="a&b\\1|c", WEB_PASSWORD="y")


def test_a_copy_of_the_server_takes_no_password_that_others_could_see(tmp_path):
    environment = os.environ | {"DATABASE_URL": "postgres://replicator:secret@127.0.0.1/postgres"}
    done = subprocess.run([DEPLOY / "base-backup", tmp_path], env=environment, capture_output=True, text=True)
    assert (done.returncode, "~/.pgpass" in done.stderr) == (2, True)


def test_a_restore_is_judged_by_files_that_only_its_operator_can_read(tmp_path):
    program, checkpoint, key = (tmp_path / name for name in ("chartero", "checkpoint", "key"))
    program.write_text('#!/bin/sh\necho "Answer: 200 <$*> $(cat)"\n')
    program.chmod(0o700)
    checkpoint.write_text("a seal")
    key.write_text("a token")
    command = [DEPLOY / "restore-check", "--checkpoint", checkpoint, "--key", key]
    environment = os.environ | {"CHARTERO": str(program)}
    done = subprocess.run(command, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True)
    said = [line.removeprefix("Answer: 200 ") for line in done.stdout.splitlines()]
    assert "<verify_records --checkpoint > " in said  # not with the file that is on this machine
    assert "<verify_records --checkpoint -> a seal" in said
    assert "<check_access --token-stdin --request GET /external/v1/key> a token" in said


@pytest.mark.parametrize("option", ["--checkpoint", "--key"])
def test_a_restore_is_not_judged_without_a_file_that_was_meant_to_be_named(option):
    done = subprocess.run([DEPLOY / "restore-check", option, ""], capture_output=True, text=True)
    assert (done.returncode, done.stdout, done.stderr[:6]) == (2, "", "Usage:")


@pytest.mark.parametrize("name", ["primary", "replica"])
def test_postgresql_accepts_its_settings(name):
    programs = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"))
    if not programs:
        pytest.skip("needs Debian's PostgreSQL")
    text = (DEPLOY / f"postgresql/{name}.conf").read_text()
    settings = re.findall(r"^(\w+) = ", text, re.MULTILINE)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "given.conf"
        file.write_text(text)
        Path(folder).chmod(0o755)
        file.chmod(0o644)
        as_owner = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
        command = [*as_owner, programs[-1], "-D", folder, "-c", f"config_file={file}", "-C", settings[-1]]
        done = subprocess.run(command, capture_output=True, text=True, cwd="/")
    assert done.returncode == 0, done.stderr
    assert len(settings) >= 4


def test_logrotate_accepts_its_file(tmp_path):
    program = shutil.which("logrotate", path="/usr/sbin:/usr/bin")
    if program is None:
        pytest.skip("needs logrotate")
    logs, file = tmp_path / "logs", tmp_path / "file"
    logs.mkdir()
    (logs / "a.log").write_text("a")
    file.write_text((DEPLOY / "logrotate").read_text().replace("/var/log/chartero", str(logs)))
    done = subprocess.run([program, "--debug", "-s", tmp_path / "s", file], capture_output=True, text=True)
    assert (done.returncode, "error:" in done.stderr) == (0, False), done.stderr
    assert "considering log" in done.stderr


def test_supervisor_runs_what_systemd_runs():
    parsed = configparser.ConfigParser(interpolation=None, comment_prefixes=(";",))
    for file in ("supervisor/servers.conf", "supervisor/seals.conf"):
        parsed.read(DEPLOY / file)
    sockets = {path.stem.rpartition("@")[2]: path.read_text() for path in (DEPLOY / "systemd").glob("*.socket")}
    for part, unit in sockets.items():
        section = parsed[f"fcgi-program:chartero-{part}"]
        assert section["command"] == f"/usr/local/bin/chartero-serve {part} fd://0"
        assert section["socket"] == f"tcp://{re.search('ListenStream=(.+)', unit)[1]}"
    for name in ("webhooks", "seals"):
        unit = (DEPLOY / f"systemd/chartero-{name}.service").read_text()
        section = parsed[f"program:chartero-{name}"]
        assert f"ExecStart={section['command']}\n" in unit
        assert f"User={section['user']}\n" in unit
    assert [parsed[name]["autorestart"] for name in parsed.sections()] == ["true"] * 4
