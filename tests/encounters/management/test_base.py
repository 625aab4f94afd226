"""What the commands of an import share."""

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
