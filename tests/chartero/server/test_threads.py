import pytest

from chartero.server import threads
from chartero.server.threads import MOST_THREADS, ThreadCount


@pytest.fixture
def calm(monkeypatch):
    """Let a thread that is too many go at once."""
    monkeypatch.setattr(threads, "CALM", -1.0)


def busy(usual):
    """Return the count of a process all of whose threads are at work."""
    threads = ThreadCount(usual)
    for _ in range(usual):
        threads.begin()
    return threads


def test_it_grows_while_all_are_at_work_and_none_comes_to_an_end():
    threads = busy(2)
    assert (threads.grow(), threads.size) == (True, 3)


def test_it_does_not_grow_while_one_is_free():
    threads = ThreadCount(2)
    threads.begin()
    assert (threads.grow(), threads.size) == (False, 2)


def test_it_does_not_grow_while_calls_come_to_an_end():
    threads = busy(2)
    threads.end()
    threads.begin()
    assert threads.grow() is False
    assert threads.grow() is True


def test_a_thread_that_has_no_work_yet_is_not_held_up():
    threads = busy(1)
    assert [threads.grow(), threads.grow()] == [True, False]


def test_it_never_grows_beyond_its_bound():
    threads = busy(MOST_THREADS)
    assert (threads.grow(), threads.size) == (False, MOST_THREADS)


def test_one_that_is_too_many_goes_once_it_has_been_calm(calm):
    threads = busy(1)
    threads.grow()
    threads.begin()
    assert [threads.end(), threads.end()] == [True, False]
    assert threads.size == 1


def test_none_goes_while_it_is_not_calm():
    threads = busy(1)
    threads.grow()
    assert (threads.end(), threads.size) == (False, 2)


def test_the_usual_ones_stay(calm):
    assert busy(2).end() is False


def test_a_thread_that_could_not_start_is_not_counted():
    threads = busy(2)
    threads.grow()
    threads.shrink()
    assert (threads.size, threads.grow()) == (2, True)
