import pytest

from encounters.importing import rows
from encounters.importing.mapped import Mapped
from encounters.importing.report import FilePlace
from encounters.importing.rows import Row


def row(source_id, resource_type="Patient", weight=1):
    return Row(FilePlace("f", 1), resource_type, source_id, Mapped(), weight=weight)


def sizes(*given):
    return [len(batch) for batch in rows.batches(given)]


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ([], []),
        ([row("1"), row("2")], [2]),
        ([row("1"), row("2"), row("1"), row("3")], [2, 2]),
        ([row("1"), row("2", "Encounter"), row("3")], [1, 1, 1]),
        ([row("1", weight=rows.BATCH_WEIGHT), row("2"), row("3")], [1, 2]),
        ([row("1", weight=rows.BATCH_WEIGHT - 1), row("2")], [2]),
        ([row(str(number)) for number in range(rows.BATCH_ROWS + 1)], [rows.BATCH_ROWS, 1]),
    ],
)
def test_a_batch_ends_when_it_is_full_or_the_type_changes_or_an_id_repeats(given, expected):
    assert sizes(*given) == expected
