"""The values of a row, and what was left out of them."""

import pytest

from encounters.importing.codes import Code
from encounters.importing.mapped import Mapped
from encounters.importing.reading.limits import LONGEST_TITLE


@pytest.mark.parametrize(("size", "cut"), [(LONGEST_TITLE, False), (LONGEST_TITLE + 1, True)])
def test_the_longest_title(size, cut):
    found = Mapped()
    assert found.short("x" * size) == "x" * LONGEST_TITLE
    assert found.warnings == ([Code.TEXT_CUT] if cut else [])
