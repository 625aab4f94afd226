"""Programs that need PostgreSQL say so, and start nothing on another database."""

import sys

import pytest

from tests.faults import __main__ as faults
from tests.faults import soak, webhooks


@pytest.mark.parametrize("program", [faults, soak, webhooks])
def test_without_postgresql_a_program_is_refused(program, monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["program"])
    monkeypatch.setenv("DATABASE_URL", "sqlite:///nowhere.sqlite3")
    with pytest.raises(SystemExit) as refusal:
        program.main()
    assert refusal.value.code == 2
    assert "needs PostgreSQL" in capsys.readouterr().err
