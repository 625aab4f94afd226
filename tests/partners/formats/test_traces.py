import json
from pathlib import Path

import pytest
from django.db import DatabaseError, connection

from partners.formats import traces


def caught(act) -> BaseException:
    try:
        act()
    except Exception as fault:
        return fault
    raise AssertionError


def deeply(times: int) -> None:
    if times == 0:
        raise ValueError("words")
    deeply(times - 1)


def test_a_fault_is_called_by_its_type():
    assert traces.kind(caught(lambda: deeply(0))) == "ValueError"


def test_what_lies_behind_it_is_called_too(db):
    with connection.cursor() as cursor:
        fault = caught(lambda: cursor.execute("SELECT nothing FROM nowhere"))
    assert isinstance(fault, DatabaseError)
    assert traces.kind(fault) in ("OperationalError from OperationalError", "ProgrammingError from UndefinedTable")


@pytest.mark.parametrize(("hidden", "kind"), [(True, "KeyError"), (False, "KeyError from ValueError")])
def test_what_is_hidden_on_purpose_stays_hidden(hidden, kind):
    def act() -> None:
        try:
            deeply(0)
        except ValueError as fault:
            if hidden:
                raise KeyError from None
            raise KeyError from fault

    assert traces.kind(caught(act)) == kind


def test_what_came_up_meanwhile_is_called_too():
    def act() -> None:
        try:
            deeply(0)
        except ValueError:
            {}["missing"]

    assert traces.kind(caught(act)) == "KeyError from ValueError"


def test_the_last_places_are_kept_the_one_that_raised_at_the_end():
    places = traces.place(caught(lambda: deeply(50)))
    assert len(places) == traces.FRAMES
    assert {place.split()[0].split(":")[0] for place in places} == {"tests/partners/formats/test_traces.py"}
    assert places[-1].endswith(" deeply")


def test_no_path_of_the_machine_is_told():
    def act() -> None:
        json.loads("{")

    places = traces.place(caught(act))
    assert places[-1].startswith("decoder.py:")
    assert str(Path.cwd()) not in str(places)


def test_a_place_in_a_package_is_told_within_it(db):
    with connection.cursor() as cursor:
        places = traces.place(caught(lambda: cursor.execute("SELECT nothing FROM nowhere")))
    assert any(place.startswith("django/db/backends/utils.py:") for place in places)
