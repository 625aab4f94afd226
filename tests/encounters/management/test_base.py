"""What the commands of an import share."""

import gc
from types import SimpleNamespace

import pytest
from django.core.exceptions import ValidationError

from encounters.management import base


@pytest.mark.parametrize(
    ("length", "taken"),
    [(0, False), (1, True), (base.LONGEST_SOURCE, True), (base.LONGEST_SOURCE + 1, False)],
)
def test_the_length_of_a_sources_name(length, taken):
    if taken:
        assert base._source("x" * length, None) == "x" * length
        return
    with pytest.raises(ValidationError, match="Set --source to a name"):
        base._source("x" * length, None)


def test_garbage_is_collected_seldom_only_while_an_import_runs():
    thresholds, usual = [], (701, 11, 12)

    class Import(base.ImportCommand):
        def run(self, *args, **options):
            thresholds.append(gc.get_threshold())
            raise ZeroDivisionError

    before = gc.get_threshold()
    gc.set_threshold(*usual)
    try:
        with pytest.raises(ZeroDivisionError):
            Import()._run(None, SimpleNamespace(size=lambda: 0), {"json": True, "dry_run": False})
        thresholds.append(gc.get_threshold())
    finally:
        gc.set_threshold(*before)
    assert thresholds == [base.SELDOM, usual]
