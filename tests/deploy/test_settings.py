"""deploy/etc and deploy/bin: every setting has a place, and what the programs start has the right ones."""

import os
import re
import subprocess
import sys

import pytest

from tests.nginx import filled
from tests.server.deployment import ROOT

DEPLOY = ROOT / "deploy"
SETTING = re.compile(r"^(#?)([A-Z][A-Z0-9_]+)='([^']*)'$", re.MULTILINE)
FILES = ("environment", "secrets", "chartero-owner", "chartero-seals")
GIVEN = {
    "PARTNERS_NAME": "api.example.com",
    "STAFF_NAME": "staff.example.com",
    "SECRET_KEY": "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQR",
    "DIGEST_KEY": "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=",
    "SEAL_PUBLIC_KEYS": "",
    "WEB_PASSWORD": "0a",
    "OWNER_PASSWORD": "0b",
}


PLACES = {
    "/etc/chartero": "etc",
    "/srv/chartero/current": "current",
    "/var/backups/": "",
    "/var/log/chartero": "log",
}


def settings(file):
    return {name: not shown for shown, name, _ in SETTING.findall((DEPLOY / "etc" / file).read_text())}


def test_every_setting_has_a_place_and_no_other():
    page = (ROOT / "docs/settings.md").read_text()
    rows = re.findall(r"^\| (`.+?`) \|", page, re.MULTILINE)
    explained = {name for row in rows for name in re.findall(r"CHARTERO_\w+|DATABASE_URL|EMAIL_URL", row)}
    assert {name for file in FILES for name in settings(file)} == explained


def test_systemd_and_sh_read_each_line_the_same():
    for file in FILES:
        lines = (DEPLOY / "etc" / file).read_text().splitlines()
        assert [line for line in lines if line[:1] not in ("#", "") and not SETTING.fullmatch(line)] == []


@pytest.fixture
def machine(tmp_path):
    """A folder that has what `deploy/build` puts on a machine, for a user who isn't root."""
    for folder in ("etc", "bin", "log", "chartero", "current/.venv/bin", "current/chartero/server"):
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / "current/chartero/server/adopting.py").touch()
    for file in FILES:
        (tmp_path / "etc" / file).write_text(filled(f"etc/{file}", **GIVEN))
    (tmp_path / "bin/id").write_text("#!/bin/sh\necho 1000\n")
    for name in ("chartero", "chartero-owner", "chartero-seals", *(path.name for path in (DEPLOY / "bin").iterdir())):
        text = (DEPLOY / "bin" / ("chartero" if name in FILES else name)).read_text()
        for place, here in PLACES.items():
            text = text.replace(place, f"{tmp_path}/{here}")
        (tmp_path / "bin" / name).write_text(text)
    for program in (tmp_path / "bin").iterdir():
        program.chmod(0o755)
    return tmp_path


def run(machine, *words, code=0):
    environment = {"PATH": f"{machine}/bin:{os.environ['PATH']}", "RELEASE": "/nowhere"}
    command = [machine / "bin" / words[0], *words[1:]]
    done = subprocess.run(command, env=environment, cwd=machine / "log", capture_output=True, text=True)
    assert done.returncode == code, done.stderr
    return done.stdout.strip()


def program(machine, place, script):
    (machine / place).write_text(f"#!/bin/sh\n{script}\n")
    (machine / place).chmod(0o755)


def python(machine, script):
    program(machine, "current/.venv/bin/python", script)


def test_production_starts_with_them_and_with_each_default_that_they_show(machine):
    for file in (machine / "etc").iterdir():
        file.write_text(SETTING.sub(r"\2='\3'", file.read_text()))
    python(machine, f'shift; cd {ROOT} && exec {sys.executable} manage.py "$@"')
    assert "no issues" in run(machine, "chartero", "check", "--deploy")


def test_each_user_has_the_role_and_the_secrets_that_it_needs(machine):
    python(machine, 'echo "$DATABASE_URL $CHARTERO_SEAL_KEYS_FILE $*"')
    web, owner = ("postgres://chartero_web:0a", "postgres://chartero_owner:0b")
    manage = f"{machine}/current/manage.py"
    assert run(machine, "chartero", "check", "-v 0") == f"{web}@127.0.0.1:5432/chartero  {manage} check -v 0"
    assert run(machine, "chartero-owner", "migrate").startswith(f"{owner}@")
    assert f"/chartero /etc/chartero/seal_keys {manage} seal" in run(machine, "chartero-seals", "seal_records")


def test_a_command_begins_in_the_folder_of_its_operator(machine):
    python(machine, "pwd")
    assert run(machine, "chartero", "check") == f"{machine}/log"


def test_no_argument_has_a_password(machine):
    program(machine, "bin/psql", 'echo "$PGPASSWORD $*"')
    (machine / "etc/chartero-owner").write_text("DATABASE_URL='postgres://owner:a%2Fb@a:1,b:2/c?sslmode=require'\n")
    assert run(machine, "chartero-pg", "psql", "-X") == "a/b -X --dbname postgres://owner@a:1,b:2/c?sslmode=require"


def test_what_cron_runs_leaves_its_errors_in_a_log(machine):
    program(machine, "bin/chartero", 'echo done; echo "failed: $1" >&2; exit 3')
    run(machine, "chartero-cron", "chartero", "check_totals", code=3)
    run(machine, "chartero-cron", "chartero", "send_alerts")  # there is no mail server yet
    (machine / "etc/secrets").write_text("EMAIL_URL='smtp://mail.example.com'\n")
    run(machine, "chartero-cron", "chartero", "send_alerts", code=3)
    program(machine, "bin/chartero", "echo done")
    run(machine, "chartero-cron", "chartero", "check_totals")
    lines = (machine / "log/cron.log").read_text().splitlines()
    assert [line.partition("Z ")[2] for line in lines] == [
        "chartero check_totals: exit code 3. failed: check_totals",
        "chartero send_alerts: exit code 3. failed: send_alerts",
    ]


@pytest.mark.parametrize(
    ("at", "bind", "sockets"), [("fd://0", "", "1"), ("127.0.0.1:8009", "--bind 127.0.0.1:8009 ", "")]
)
def test_a_part_is_served_from_where_the_link_leads(machine, at, bind, sockets):
    python(machine, 'echo "$CHARTERO_SERVES $(sed -zn s/^PWD=//p /proc/$$/environ) $LISTEN_FDS $*"')
    interpreter, gunicorn = (f"{machine}/current/.venv/bin/{name}" for name in ("python", "gunicorn"))
    server = f"{interpreter} {gunicorn} -c python:chartero.gunicorn {bind}chartero.wsgi"
    served = run(machine, "chartero-serve", "staff", at)
    assert served == f"staff {machine}/current {sockets} -m chartero.server.adopting {server}"


def test_an_older_release_is_served_as_it_was(machine):
    (machine / "current/chartero/server/adopting.py").unlink()
    python(machine, 'echo "$0 $*"')
    served = run(machine, "chartero-serve", "staff", "fd://0")
    assert served == ".venv/bin/python .venv/bin/gunicorn -c python:chartero.gunicorn --bind fd://0 chartero.wsgi"


@pytest.mark.skipif(not os.environ.get("DATABASE_URL", "").startswith("postgres"), reason="needs PostgreSQL")
@pytest.mark.direct
def test_a_backup_is_whole_and_private_and_old_ones_go(machine):
    folder = machine / "chartero"
    (machine / "etc/chartero-owner").write_text(f"DATABASE_URL='{os.environ['DATABASE_URL']}'\n")
    for days in (34, 37):
        old = folder / f"{days}.dump"
        old.touch()
        os.utime(old, (old.stat().st_mtime - days * 86400,) * 2)
    run(machine, "chartero-backup")
    made = [file for file in folder.iterdir() if file.name != "34.dump"]
    assert [(file.suffix, file.stat().st_mode & 0o777) for file in made] == [(".dump", 0o600)]
    assert made[0].read_bytes()[:5] == b"PGDMP"


def test_a_backup_that_fails_leaves_nothing(machine):
    program(machine, "bin/pg_dump", 'touch "$4"; ls "$4" >&2; exit 1')
    run(machine, "chartero-backup", code=1)
    (machine / "chartero/killed.dump.part").touch()
    os.utime(machine / "chartero/killed.dump.part", (0, 0))
    run(machine, "chartero-backup", code=1)
    assert list((machine / "chartero").iterdir()) == []


def test_a_backup_leaves_room_for_another(machine):
    (machine / "chartero/old.dump").write_bytes(bytes(1000))
    program(machine, "bin/df", "echo Avail; echo 1999")
    program(machine, "bin/pg_dump", f"touch {machine}/begun")
    run(machine, "chartero-backup", code=1)
    assert not (machine / "begun").exists()
