import os
import re
import threading

import pytest

from chartero.deployment import secrets


def test_a_secret_is_made_once_in_a_private_file(tmp_path):
    path = tmp_path / "new" / "secret"
    assert secrets.kept(path, lambda: "first") == "first"
    assert secrets.kept(path, lambda: "second") == "first"
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700


def test_a_secret_that_is_there_is_not_made(tmp_path):
    (tmp_path / "secret").write_text("given")
    assert secrets.kept(tmp_path / "secret", lambda: pytest.fail("made anew")) == "given"


def test_nothing_but_the_secret_is_left(tmp_path):
    secrets.kept(tmp_path / "secret", lambda: "made")
    assert os.listdir(tmp_path) == ["secret"]


def test_the_first_of_two_that_start_at_once_wins(tmp_path):
    path = tmp_path / "secret"

    def overtaken() -> str:
        path.write_text("the other's")
        return "mine"

    assert secrets.kept(path, overtaken) == "the other's"
    assert os.listdir(tmp_path) == ["secret"]


def test_many_processes_keep_one_secret(tmp_path, monkeypatch):
    monkeypatch.setattr(os, "getpid", threading.get_ident)
    start, kept = threading.Barrier(8), []

    def process() -> None:
        start.wait()
        kept.append(secrets.kept(tmp_path / "secret", secrets.new_secret_key))

    threads = [threading.Thread(target=process) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(kept) == 8
    assert len(set(kept)) == 1


@pytest.mark.parametrize(
    ("make", "shape"),
    [(secrets.new_secret_key, r"[\w-]{64}"), (secrets.new_digest_key, r"1:[A-Za-z0-9+/]{43}=")],
)
def test_what_is_made_is_random_and_long(make, shape):
    made = {make() for _ in range(100)}
    assert len(made) == 100
    assert all(re.fullmatch(shape, secret) for secret in made)
