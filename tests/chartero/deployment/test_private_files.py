"""Files of commands and web processes are private, except static files."""

import os
import subprocess
import sys

import pytest

from tests.chartero.support.manage import DIGEST_KEY, ROOT, SECRET, manage

PRIVATE = "-rw-------"
WRITE = """
import os, stat
from django.db import connection
connection.cursor().execute("CREATE TABLE invented (number integer)")
for file in sorted(os.listdir({folder!r})):
    print(file, stat.filemode(os.stat(os.path.join({folder!r}, file)).st_mode))
"""


@pytest.fixture(autouse=True)
def open_to_all():
    """A machine where new files can be read by everybody."""
    before = os.umask(0o022)
    yield
    os.umask(before)


def listed(printed: str) -> dict[str, str]:
    return dict(line.split() for line in printed.splitlines() if " -" in line)


def test_what_a_command_writes_is_private(tmp_path):
    done = manage(tmp_path, "shell", "--no-imports", "-c", WRITE.format(folder=str(tmp_path)))
    files = listed(done.stdout)
    assert {"db.sqlite3", "db.sqlite3-wal", "db.sqlite3-shm", "secret_key"} <= {*files}
    assert {*files.values()} == {PRIVATE}


def test_what_a_web_process_writes_is_private(tmp_path):
    code = f"import chartero.wsgi\n{WRITE.format(folder=str(tmp_path))}"
    environment = os.environ | {"CHARTERO_DATA_DIR": str(tmp_path), "DJANGO_SETTINGS_MODULE": "chartero.settings"}
    environment["DATABASE_URL"] = f"sqlite:///{tmp_path / 'db.sqlite3'}"
    done = subprocess.run([sys.executable, "-c", code], env=environment, cwd=ROOT, capture_output=True, text=True)
    files = listed(done.stdout)
    assert {"db.sqlite3", "db.sqlite3-wal", "db.sqlite3-shm"} <= {*files}
    assert {*files.values()} == {PRIVATE}


def test_static_files_can_be_read_by_a_proxy(tmp_path):
    before = os.umask(0o077)  # as an operator may have it
    done = manage(
        tmp_path,
        *("collectstatic", "--no-input"),
        DJANGO_SETTINGS_MODULE="tests.chartero.support.settings_with_static_root",
        CHARTERO_ENVIRONMENT="sandbox",
        CHARTERO_SECRET_KEY=SECRET,
        CHARTERO_DIGEST_KEYS=DIGEST_KEY,
        CHARTERO_ALLOWED_HOSTS="example.com",
    )
    os.umask(before)
    written = [*(tmp_path / "static").rglob("*")]
    assert any(each.suffix == ".gz" for each in written), done.stderr
    assert {each.stat().st_mode & 0o777 for each in written if each.is_dir()} == {0o755}
    assert {each.stat().st_mode & 0o777 for each in written if each.is_file()} == {0o644}
