"""The server dies at a random moment: no body that a client saw is without its row. `benchmarks.kill_rounds`
does more."""

import pytest

from tests.server.deployment import new_deployment
from tests.server.killing import Killing

pytestmark = [pytest.mark.server, pytest.mark.once("postgresql")]


@pytest.fixture(scope="module")
def killing(tmp_path_factory):
    with new_deployment(tmp_path_factory.mktemp("killed")) as deployment:
        yield Killing(deployment)


def test_what_was_seen_is_on_record(killing):
    rounds = [killing.round() for _ in range(5)]
    assert [each.faults for each in rounds] == [[]] * 5
    assert sum(each.bodies for each in rounds) > 20


def test_a_row_that_is_written_after_its_answer_is_missed(killing):
    rounds = [killing.round("tests.server.late") for _ in range(2)]
    assert any(each.missing for each in rounds)
