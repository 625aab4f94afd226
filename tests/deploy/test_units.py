"""deploy/systemd and deploy/crontab: both run the same commands at the same times, and systemd accepts the units."""

import os
import re
import shlex
import shutil
import signal
import subprocess
from pathlib import Path

import pytest
from django.core.management import get_commands, load_command_class

from tests.nginx import filled
from tests.server.deployment import ROOT

UNITS = ROOT / "deploy/systemd"
CRONTAB = ROOT / "deploy/crontab"
OWNERS, SEALERS = {"prune_records"}, {"seal_records", "verify_records"}
ANALYZE = shutil.which("systemd-analyze")
# What cron says, and what systemd says.
TIMES = {
    "*/5 * * * *": "*:0/5",
    "7 * * * *": "*:07",
    "10 1 * * *": "01:10",
    "20 3 * * *": "03:20",
    "40 3 * * *": "03:40",
    "0 4 * * *": "04:00",
    "30 5 * * *": "05:30",
    "30 2 * * 0": "Sun 02:30",
    "50 2 * * 0": "Sun 02:50",
    "0 6 1 * *": "*-*-01 06:00",
}


def entries():
    """Return the time, the user and the words of the command of each line of the crontab."""
    split = [line.split() for line in CRONTAB.read_text().splitlines() if line[:1] in "*0123456789" and line]
    assert {words[6] for words in split} == {"chartero-cron"}
    return [(" ".join(words[:5]), words[5], [f"/usr/local/bin/{words[7]}", *words[8:]]) for words in split]


def timed():
    """Return what each timer starts, with its words, and when."""
    found = {}
    for timer in UNITS.glob("*.timer"):
        (when,) = re.findall(r"^OnCalendar=(.+)$", timer.read_text(), re.MULTILINE)
        unit, _, instance = timer.stem.partition("@")
        service = (UNITS / f"{unit}{'@' if instance else ''}.service").read_text()
        more = UNITS / f"{timer.stem}.service.d/file.conf"
        started = re.findall(r"^ExecStart=(.+)$", more.read_text() if more.exists() else service, re.MULTILINE)[-1]
        (user,) = re.findall(r"^User=(.+)$", service, re.MULTILINE)
        found[started.replace("%i", instance)] = (user, when)
    return found


def test_cron_and_systemd_run_the_same_at_the_same_times():
    by_cron = {" ".join(words): (user, f"{TIMES[when]} UTC") for when, user, words in entries()}
    assert by_cron == timed()


def test_units_start_no_program_that_a_minimal_machine_lacks():
    lines = "\n".join(path.read_text() for path in UNITS.rglob("*.*") if path.is_file())
    started = set(re.findall(r"^Exec\w+=\+?(/\S+)", lines, re.MULTILINE))
    ours = ("/usr/local/bin/chartero", "/srv/chartero/current/")
    assert {program for program in started if not program.startswith(ours)} == {"/bin/sh"}


def test_a_reload_signals_the_server():
    (line,) = re.findall(r"^ExecReload=(.+)$", (UNITS / "chartero-web@.service").read_text(), re.MULTILINE)
    with subprocess.Popen(["sleep", "20"]) as server:
        subprocess.run(shlex.split(line), env={"MAINPID": str(server.pid), "PATH": "/nowhere"})
        server.terminate()
    assert server.returncode == -signal.SIGUSR2


@pytest.mark.parametrize(
    ("command", "secrets", "code"),
    [
        ("send_alerts", "#EMAIL_URL=''", 1),
        ("send_alerts", "EMAIL_URL='smtp://a'", 0),
        ("clearsessions", "", 0),
    ],
)
def test_what_sends_e_mail_waits_for_a_mail_server(tmp_path, command, secrets, code):
    (condition,) = re.findall(r"^ExecCondition=(.+)$", (UNITS / "chartero-run@.service").read_text(), re.MULTILINE)
    (tmp_path / "secrets").write_text(secrets)
    line = condition.replace("%i", command).replace("/etc/chartero", str(tmp_path))
    assert subprocess.run(line, shell=True).returncode == code


def test_each_command_is_known_and_runs_as_the_user_that_it_needs():
    for _, user, (program, *words) in entries():
        assert program.startswith("/usr/local/bin/")
        if program.endswith("-backup"):
            continue
        assert user == Path(program).name
        command = words[0]
        assert user == {True: "chartero-owner"}.get(
            command in OWNERS, "chartero-seals" if command in SEALERS else "chartero"
        )
        load_command_class(get_commands()[command], command).create_parser("manage.py", command).parse_args(words[1:])


def test_each_command_of_the_schedule_is_there():
    page = (ROOT / "docs/operation.md").read_text().partition("## What to schedule")[2].partition("\n## ")[0]
    rows = re.findall(r"^\| (`.+?) \|", page, re.MULTILINE)
    by_hand = {"pg_dump", "import_fhir", "export_audit"}
    wanted = {name for row in rows for name in re.findall(r"`(\w+_\w+|clearsessions)", row)} - by_hand
    services = re.findall(
        r"^ExecStart=\S+ (\w+) --serve$", (UNITS / "chartero-seals.service").read_text(), re.MULTILINE
    )
    assert wanted == {words[1] for _, _, words in entries() if len(words) > 1} | {*services}


def test_the_crontab_names_what_debian_leaves_out():
    text = CRONTAB.read_text()
    assert re.search(r"^PATH=.*/usr/local/bin", text, re.MULTILINE)
    assert re.search(r'^MAILTO=""$', text, re.MULTILINE)  # nobody may be there to mail it
    assert "%" not in "".join(str(words) for _, _, words in entries())  # cron would end the command there


def test_a_service_holds_no_secret():
    for unit in UNITS.rglob("*.*"):
        if unit.is_file():
            assert not re.search(r"postgres://|PASSWORD|_KEYS?=", unit.read_text()), unit


def test_whatever_fails_is_told_and_the_failure_of_that_is_not():
    (every,) = (UNITS / "chartero-.service.d").glob("failure.conf")
    assert "OnFailure=chartero-failed@%N.service\n" in every.read_text()
    assert (UNITS / f"chartero-failed@.service.d/{every.name}").read_text().endswith("\nOnFailure=\n")
    for service in UNITS.glob("*.service"):  # systemd starts these again for ever, so they never fail for it
        text = service.read_text()
        assert ("Restart=always" in text) == ("chartero-failed@%N" in text), service.name


@pytest.mark.parametrize(("result", "lines"), [("success", 0), ("exit-code", 1), ("oom-kill", 1)])
def test_a_service_that_ends_by_itself_is_told(tmp_path, result, lines):
    (line,) = re.findall(r"^ExecStopPost=\+(.+)$", (UNITS / "chartero-seals.service").read_text(), re.MULTILINE)
    (tmp_path / "systemctl").write_text('#!/bin/sh\necho "$*"')
    (tmp_path / "systemctl").chmod(0o755)
    environment = {"PATH": f"{tmp_path}:/bin", "SERVICE_RESULT": result}
    command = line.replace("%N", "chartero-seals")
    said = subprocess.run(command, shell=True, env=environment, capture_output=True, text=True)
    assert (said.stdout, said.stderr) == ("start --no-block chartero-failed@chartero-seals\n" * lines, "")


@pytest.mark.parametrize(
    ("unit", "user"), [("seals", "seals"), ("verify", "seals"), ("backup", "owner"), ("prune", "owner")]
)
def test_a_unit_of_the_first_machine_does_nothing_elsewhere(unit, user):
    text = (UNITS / f"chartero-{unit}.service").read_text()
    assert f"\nUser=chartero-{user}\n" in text
    assert f"\nConditionPathExists=/etc/chartero/chartero-{user}\n" in text


def test_a_failure_is_written_to_the_journal_and_mailed_once_an_hour_where_a_mail_server_takes_it(tmp_path):
    script = (ROOT / "deploy/bin/chartero-failed").read_text().replace("/etc/chartero", str(tmp_path))
    notes = tmp_path / "notes"
    notes.mkdir()
    (tmp_path / "chartero").touch()
    (tmp_path / "chartero").chmod(0o755)

    def failed(mail=":", secrets="EMAIL_URL='smtp://a'\n"):
        (tmp_path / "secrets").write_text(secrets)
        (tmp_path / "chartero").write_text(f'#!/bin/sh\necho "$*"\n{mail}\n')
        command = ["sh", "-c", script, "chartero-failed", "chartero-backup"]
        environment = {"PATH": f"{tmp_path}:/bin", "RUNTIME_DIRECTORY": str(notes)}
        return subprocess.run(command, env=environment, capture_output=True, text=True).stdout

    line = "<2>chartero-backup failed: see journalctl -u chartero-backup\n"
    mailed = f"{line}send_failure chartero-backup\n"
    assert failed(secrets="#EMAIL_URL=''\n") == line
    assert [failed("exit 1"), failed(), failed()] == [mailed, mailed, line]
    os.utime(notes / "chartero-backup", (0, 0))
    assert failed() == mailed


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    """A file system with the units, and with programs where they want them."""
    root = tmp_path_factory.mktemp("root")
    shutil.copytree(UNITS, root / "etc/systemd/system")
    for socket in (root / "etc/systemd/system").glob("*.socket"):
        socket.write_text(filled(f"systemd/{socket.name}", ADDRESS="127.0.0.1"))
    for unit in UNITS.rglob("*.*"):
        for program in re.findall(r"^Exec\w+=(\S+)", unit.read_text() if unit.is_file() else "", re.MULTILINE):
            place = root / program.lstrip("/")
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_text("#!/bin/sh\n")
            place.chmod(0o755)
    return root


def analyzed(*arguments):
    return subprocess.run([ANALYZE, *arguments], capture_output=True, text=True)


@pytest.mark.skipif(ANALYZE is None, reason="needs systemd-analyze")
def test_systemd_accepts_the_units(root):
    named = [
        path.name.replace("@.", "@partners." if "web" in path.name else "@clearsessions.") for path in UNITS.iterdir()
    ]
    units = [name for name in named if not name.endswith(".d")]
    done = analyzed("verify", "--man=no", "--recursive-errors=no", f"--root={root}", *units)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.skipif(ANALYZE is None, reason="needs systemd-analyze")
@pytest.mark.parametrize("unit", [path.name for path in sorted(UNITS.glob("*.service")) if "@" not in path.name])
def test_a_service_is_hardened(root, unit):
    done = analyzed("security", "--offline=yes", "--no-pager", "--threshold=15", f"--root={root}", unit)
    assert done.returncode == 0, done.stdout
