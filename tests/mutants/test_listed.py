"""The listed faults: each place is still there, so that the list follows the code."""

import ast
from pathlib import Path

import pytest

from tests.mutants.__main__ import HERE, bent
from tests.mutants.listed import MUTANTS


@pytest.mark.parametrize("number", range(len(MUTANTS)))
def test_each_fault_has_its_place_and_is_python(number):
    mutant = MUTANTS[number]
    ast.parse(bent((HERE / mutant.file).read_text(), mutant))
    assert all((HERE / tests).exists() for tests in mutant.tests)


def test_a_place_that_is_gone_is_said():
    with pytest.raises(ValueError, match="0 times"):
        bent(Path(__file__).read_text()[:10], MUTANTS[0])
