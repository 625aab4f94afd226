import getpass
import json
import subprocess
import sys
from pathlib import Path

import pytest
from django import db
from django.core.exceptions import ValidationError
from django.core.management import CommandError, base, call_command, load_command_class

from partners.formats import escapes
from partners.management import output
from partners.management.base import KeyCommand, ReportCommand, refusals
from partners.management.handover import TokenCommand
from partners.models import ApiKey, ChangeEvent, Organization
from tests.factories import issue
from tests.partners.support.command_line import refused, run

ROOT = Path(__file__).parents[3]
READING = {"digest_keys", "list_keys", "report_keys", "send_expiry_notices"}
COMMANDS = {
    "create_organization": ["x"],
    "set_access": ["x", "--allow"],
    "set_purpose": ["x", "x"],
    "issue_key": ["--label", "x", "--scope", "patients:read"],
    "rotate_key": ["x"],
    "disable_key": ["x", "--reason", "x"],
    "enable_key": ["x", "--reason", "x"],
    "revoke_key": ["x", "--reason", "x"],
    "set_scopes": ["x", "patients:read"],
    "set_networks": ["x", "--mode", "off"],
    "api_keys": ["off", "--reason", "x"],
    "list_keys": [],
    "digest_keys": [],
    "report_keys": [],
    "send_expiry_notices": [],
    "account_disclosures": ["--patient", "x", "--reason", "x"],
    "prune_records": [],
}


def raises(fault: BaseException):
    def fail(*arguments: object, **options: object) -> None:
        raise fault

    return fail


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_explains_itself(name, capsys):
    with pytest.raises(SystemExit) as end:
        call_command(name, "--help")
    assert end.value.code == 0
    printed = capsys.readouterr().out
    assert "--json" in printed
    assert ("--reason" in printed) is (name not in READING)


@pytest.mark.parametrize("name", COMMANDS)
@pytest.mark.parametrize("place", ["first", "last", "unknown option", "within"])
def test_a_token_in_any_argument_is_refused_and_not_repeated(name, place, db, capsys):
    _, token = issue()
    given = {
        "first": [token, *COMMANDS[name]],
        "last": [*COMMANDS[name], token],
        "unknown option": [*COMMANDS[name], f"--{token}"],
        "within": [*COMMANDS[name], "--ticket", f"see {token[:-2]}."],
    }
    before = ChangeEvent.objects.count(), ApiKey.objects.count(), Organization.objects.count()
    with pytest.raises(SystemExit) as end:
        load_command_class("partners", name).run_from_argv(["manage.py", name, *given[place]])
    printed = "".join(capsys.readouterr())
    assert end.value.code == 1
    assert "Never put a token on the command line" in printed
    assert token[:18] not in printed
    assert (ChangeEvent.objects.count(), ApiKey.objects.count(), Organization.objects.count()) == before


def test_a_command_without_a_token_in_its_arguments_runs(db, monkeypatch, capsys):
    monkeypatch.setattr(base.connections, "close_all", lambda: None)
    load_command_class("partners", "list_keys").run_from_argv(["manage.py", "list_keys"])
    assert capsys.readouterr().out == "No keys.\n"


def test_a_change_is_made_by_the_system_user_by_default(db, monkeypatch):
    monkeypatch.setattr(getpass, "getuser", lambda: "invented-login")
    run("create_organization", "Invented Clinic", "--by", " ")
    assert ChangeEvent.objects.get().by == "invented-login"


@pytest.mark.parametrize("fault", [KeyError("uid not found"), OSError("no name")])
def test_without_a_system_user_name_by_is_required(db, monkeypatch, fault):
    monkeypatch.setattr(getpass, "getuser", raises(fault))
    assert "with --by" in refused("create_organization", "Invented Clinic")
    run("create_organization", "Invented Clinic", "--by", "Invented Person")


@pytest.mark.parametrize(
    ("fault", "told"),
    [
        (db.OperationalError("database is locked"), "can't be reached or is busy"),
        (db.InterfaceError("connection already closed"), "can't be reached or is busy"),
        (db.OperationalError("no such table: partners_apikey"), "manage.py migrate"),
        (db.ProgrammingError('relation "partners_apikey" does not exist'), "manage.py migrate"),
        (db.IntegrityError("Key (name)=(Invented) already exists."), "Another change was made first"),
    ],
)
def test_a_database_error_is_reported_in_our_words(fault, told):
    with pytest.raises(CommandError, match=told) as refusal, refusals():
        raise fault
    assert str(fault) not in str(refusal.value)
    assert refusal.value.__suppress_context__


def test_refusals_are_reported_by_field():
    with pytest.raises(CommandError) as refusal, refusals():
        raise ValidationError({"label": ["Too \x1blong.", "Too odd."], "__all__": "Taken."})
    assert str(refusal.value) == r"label: Too \x1blong. label: Too odd. Taken."


@pytest.mark.parametrize("fault", [ZeroDivisionError(), KeyboardInterrupt()])
def test_a_bug_is_not_hidden(fault):
    with pytest.raises(type(fault)), refusals():
        raise fault


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("plain – Ä 漢", "plain – Ä 漢"),
        ("a\x1b[0m", r"a\x1b[0m"),
        ("a\nb\tc\r", r"a\nb\tc\r"),
        ("\u202e\u200b\ufeff", r"\u202e\u200b\ufeff"),
        ("\x9b\x7f\0", r"\x9b\x7f\x00"),
        ("\udcff", r"\udcff"),
    ],
)
def test_text_is_safe_on_a_terminal(text, told):
    assert escapes.escaped(text) == told


@pytest.mark.parametrize(
    ("value", "told"),
    [(None, "–"), ("", "–"), ([], "–"), (True, "yes"), (False, "no"), (0, "0"), (["a", "b"], "a, b"), ("x", "x")],
)
def test_a_value_is_plain_text(value, told):
    assert output.plain(value) == told


@pytest.mark.parametrize(
    "call",
    [
        lambda: ReportCommand().report(),
        lambda: KeyCommand().alter(None, None, {}),
        lambda: TokenCommand().make({}),
    ],
)
def test_a_command_must_implement_its_methods(call):
    with pytest.raises(NotImplementedError):
        call()


@pytest.mark.parametrize(
    ("arguments", "code"),
    [(["list_keys", "--json"], 0), (["revoke_key", "0" * 12, "--reason", "x"], 1), (["revoke_key", "x"], 2)],
)
def test_a_process_exits_with_a_code_that_separates_errors(tmp_path, arguments, code):
    environment = {
        "PATH": "",
        "DATABASE_URL": f"sqlite:///{tmp_path / 'db.sqlite3'}",
        "CHARTERO_DATA_DIR": str(tmp_path),
        "DJANGO_SETTINGS_MODULE": "chartero.settings",
    }
    script = (
        "import sys, django; django.setup(); from django.core import management as m;"
        "m.call_command('migrate', 'partners', verbosity=0); m.execute_from_command_line(['manage.py', *sys.argv[1:]])"
    )
    ended = subprocess.run(
        [sys.executable, "-c", script, *arguments],
        env=environment,
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == code, ended.stderr
    assert (json.loads(ended.stdout) == {"keys": []}) if code == 0 else ended.stdout == ""
    assert "Traceback" not in ended.stderr
