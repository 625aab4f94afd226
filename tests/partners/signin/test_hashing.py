"""Passwords are hashed one at a time; a page waits a moment for it, and a person is asked to try again."""

import os
import subprocess
import sys
import threading
from contextlib import contextmanager, suppress

import pytest
from django.contrib.auth.hashers import check_password, make_password
from django.contrib.auth.models import Group, User

from partners.models.change import Action, ChangeEvent
from partners.signin.guards import hashing, lockout
from tests.partners.support.person import PASSWORD

ALGORITHMS = ("argon2", "pbkdf2_sha256")
WHY = {"reason": "a new colleague", "ticket": ""}


@pytest.fixture(autouse=True)
def line(monkeypatch):
    """A line of the test's own, and a page that waits for as long as the test likes."""
    monkeypatch.setattr(hashing, "LINE", hashing.Line())
    monkeypatch.setattr(hashing, "PATIENCE", 60)
    return hashing.LINE


@pytest.fixture
def shipped(settings, monkeypatch):
    """Our hashers, at no cost."""
    from chartero import settings as shipped

    settings.PASSWORD_HASHERS = [*shipped.PASSWORD_HASHERS, "django.contrib.auth.hashers.MD5PasswordHasher"]
    monkeypatch.setattr(hashing.Argon2Hasher, "memory_cost", 64)
    monkeypatch.setattr(hashing.PBKDF2Hasher, "iterations", 2)


@contextmanager
def held(line):
    """Hold up the thread that hashes."""
    begun, release = threading.Event(), threading.Event()
    holder = threading.Thread(target=line.run, args=(lambda: (begun.set(), release.wait()),))
    holder.start()
    begun.wait()
    try:
        yield
    finally:
        release.set()
        holder.join()


def hashed_in_a_page(line, work):
    with hashing.patience():
        return line.run(work)


def test_a_page_waits_for_its_turn(line):
    done = []
    waiting = threading.Thread(target=lambda: done.append(hashed_in_a_page(line, lambda: "hashed")))
    with held(line):
        waiting.start()
        waiting.join(0.1)
        assert done == []
    waiting.join()
    assert done == ["hashed"]


def test_a_page_waits_no_longer_than_its_patience_and_leaves_the_line(line, monkeypatch):
    monkeypatch.setattr(hashing, "PATIENCE", 0)
    ran = []
    with held(line):
        for _ in range(hashing.MOST + 1):
            with pytest.raises(hashing.Busy):
                hashed_in_a_page(line, lambda: ran.append("gave up"))
    assert line.run(lambda: "hashed") == "hashed"
    assert ran == []


def test_the_next_page_is_refused_at_once_while_the_line_is_full(monkeypatch):
    monkeypatch.setattr(hashing, "MOST", 1)
    line, begun, release = hashing.Line(), threading.Event(), threading.Event()
    first = threading.Thread(target=hashed_in_a_page, args=(line, lambda: (begun.set(), release.wait())))
    first.start()
    begun.wait()
    with pytest.raises(hashing.Busy):
        hashed_in_a_page(line, lambda: "hashed")
    release.set()
    first.join()
    line.run(lambda: None)  # the place is given back a moment after the result
    assert hashed_in_a_page(line, lambda: "hashed") == "hashed"


def test_a_command_waits_as_long_as_it_takes(line, monkeypatch):
    monkeypatch.setattr(hashing, "MOST", 0)
    monkeypatch.setattr(hashing, "PATIENCE", 0)
    assert hashing.Line().run(lambda: "hashed") == "hashed"


def test_no_two_passwords_are_hashed_at_once(line):
    both, met = threading.Barrier(2, timeout=0.2), []

    def meet():
        with suppress(threading.BrokenBarrierError):
            met.append(both.wait())

    threads = [threading.Thread(target=line.run, args=(meet,)) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert met == []


@contextmanager
def another_process():
    """Let another process of the server hash a password."""
    code = f"import fcntl, sys; fcntl.lockf({hashing._TURN}, fcntl.LOCK_EX); print(flush=True); sys.stdin.read()"
    command = [sys.executable, "-c", code]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, pass_fds=[hashing._TURN]) as process:
        process.stdout.readline()
        yield
        process.stdin.close()


def test_no_two_processes_of_a_server_hash_at_once(line):
    done = []
    waiting = threading.Thread(target=lambda: done.append(line.run(lambda: "hashed")))
    with another_process():
        waiting.start()
        waiting.join(0.1)
        assert done == []
    waiting.join()
    assert done == ["hashed"]


@pytest.mark.skipif(sys.platform != "linux", reason="Linux has a priority for each thread")
def test_the_thread_that_hashes_gives_way_and_no_other(line):
    own = os.getpriority(os.PRIO_PROCESS, 0)
    assert line.run(os.getpriority, os.PRIO_PROCESS, 0) == min(own + hashing.NICE, 19)
    assert os.getpriority(os.PRIO_PROCESS, 0) == own


def test_a_process_keeps_its_priority_where_threads_have_none(monkeypatch):
    monkeypatch.setattr(sys, "platform", "darwin")
    own = os.getpriority(os.PRIO_PROCESS, 0)
    assert hashing.Line().run(os.getpriority, os.PRIO_PROCESS, 0) == own


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_every_hash_stands_in_the_line(shipped, line, monkeypatch, algorithm):
    encoded = make_password(PASSWORD, hasher=algorithm)
    assert encoded.startswith(algorithm)
    assert (check_password(PASSWORD, encoded), check_password("wrong", encoded)) == (True, False)
    monkeypatch.setattr(hashing, "PATIENCE", 0)
    with held(line), hashing.patience():
        with pytest.raises(hashing.Busy):
            make_password(PASSWORD, hasher=algorithm)
        with pytest.raises(hashing.Busy):
            check_password(PASSWORD, encoded)


@pytest.fixture
def busy(shipped, enrolled, line, monkeypatch):
    """A person whose passwords can't be hashed at the moment."""
    monkeypatch.setattr(hashing, "PATIENCE", 0)
    with held(line):
        yield enrolled


def assert_asked_to_try_again(answer):
    assert (answer.status_code, answer["Retry-After"]) == (503, "2")
    assert "no-store" in answer["Cache-Control"]
    assert "nothing was changed" in answer.text


def test_a_sign_in_is_not_judged(busy):
    assert_asked_to_try_again(busy.sign_in())
    assert_asked_to_try_again(busy.post("/admin/login/", username="nobody", password="wrong"))
    assert lockout.failures("invented") == lockout.failures("nobody") == 0


def test_a_sign_in_that_finds_the_line_full_asks_no_database(client, monkeypatch):
    monkeypatch.setattr(hashing, "MOST", 0)
    monkeypatch.setattr(hashing, "LINE", hashing.Line())
    assert_asked_to_try_again(client.post("/admin/login/", {"username": "nobody", "password": "wrong"}))
    assert client.get("/admin/login/").status_code == 200


def test_a_fresh_proof_is_not_judged(busy):
    busy.clock.now += 15 * 60
    assert_asked_to_try_again(busy.post("/signin/password/", proof_of_password=PASSWORD))
    assert_asked_to_try_again(busy.post("/admin/switch/turn/", to="off", proof_of_password=PASSWORD))
    assert lockout.failures("invented") == 0


def test_ones_own_password_is_not_changed(busy):
    new = {"new_password1": "another passphrase", "new_password2": "another passphrase"}
    assert_asked_to_try_again(busy.post("/admin/password_change/", old_password=PASSWORD, **new))
    assert not ChangeEvent.objects.filter(action=Action.PASSWORD_CHANGED).exists()


def test_nobody_is_added(busy):
    support = Group.objects.get(name="Support")
    form = {"username": "ada", "password1": PASSWORD, "password2": PASSWORD, "groups": support.pk} | WHY
    assert_asked_to_try_again(busy.post("/admin/auth/user/add/", **form))
    assert not User.objects.filter(username="ada").exists()


def test_no_password_is_reset(busy):
    page = f"/signin/reset/{busy.user.pk}/"
    assert_asked_to_try_again(busy.post(page, password="on", lockout="on", reason="lost password"))
    assert not ChangeEvent.objects.filter(action=Action.SIGN_IN_RESET).exists()


def test_a_moment_later_people_sign_in(shipped, person):
    assert person.sign_in().status_code == 302
    person.user.refresh_from_db()
    assert person.user.password.startswith("argon2$argon2id$")
