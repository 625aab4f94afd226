"""`manage.py grants`, and what commands say that need another role."""

import pytest
from django.db import connection

from partners.management.base import OWNER_NEEDED
from tests.partners.support.command_line import refused, run

pytestmark = [pytest.mark.django_db, pytest.mark.postgresql]
only_postgresql = pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite has no roles")


@pytest.mark.skipif(connection.vendor != "sqlite", reason="of SQLite")
def test_sqlite_has_no_roles():
    assert refused("grants", "chartero_web").startswith("SQLite has no roles.")


@only_postgresql
def test_what_it_prints_gives_one_role_what_it_needs_in_one_transaction():
    lines = run("grants", "chartero_web").splitlines()
    assert (lines[0], lines[-1]) == ("BEGIN;", "COMMIT;")
    assert lines[1] == 'REVOKE CREATE ON SCHEMA public FROM PUBLIC, "chartero_web";'
    assert lines[2].startswith("REVOKE ALL ON public.auth_group, ")
    assert ", public.partners_requestrecord_net FROM PUBLIC" in lines[2]
    assert "requestrecord_net" not in "".join(lines[3:])
    assert lines[3] == 'GRANT USAGE ON SCHEMA public TO "chartero_web";'
    assert any(line.startswith("GRANT SELECT ON public.auth_permission, ") for line in lines)
    assert all(line.endswith(' TO "chartero_web";') for line in lines[4:-1])


@only_postgresql
@pytest.mark.parametrize("role", ["", "a role", 'x"; DROP TABLE partners_apikey; --', "x" * 64, "ü"])
def test_a_name_that_would_have_to_be_quoted_is_refused(role):
    assert refused("grants", role).startswith("A role has letters")


@only_postgresql
def test_the_role_that_runs_it_is_refused():
    assert refused("grants", connection.settings_dict["USER"]).startswith("This role runs the command.")


@pytest.mark.parametrize("command", ["migrate", "prune_records"])
def test_a_command_of_the_owner_says_so_to_another_role(become_web, command):
    become_web()
    assert refused(command) == OWNER_NEEDED


def test_another_fault_of_a_migration_is_raised(monkeypatch):
    from django.core.management.commands import migrate
    from django.db import ProgrammingError

    def fail(*args, **options):
        raise ProgrammingError("a fault of ours")

    monkeypatch.setattr(migrate.Command, "handle", fail)
    with pytest.raises(ProgrammingError, match="a fault of ours"):
        run("migrate")
