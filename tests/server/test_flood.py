"""A flood of bad tokens leaves few rows, and a partner goes on. `benchmarks.flood` does it for a minute."""

import pytest

from tests.server.deployment import new_deployment
from tests.server.flooding import flood

pytestmark = [pytest.mark.server, pytest.mark.once("postgresql")]


@pytest.fixture(scope="module")
def flooded(tmp_path_factory):
    with new_deployment(tmp_path_factory.mktemp("flooded")) as deployment:
        token = deployment.report("demo", "--no-serve")["token"]
        yield flood(deployment, token, seconds=10, quiet=1)


def test_it_leaves_few_rows_and_each_call_is_counted(flooded):
    assert flooded.rows < 60
    assert flooded.counted == flooded.sent > 1000


def test_every_bad_call_is_refused_and_every_good_one_is_served(flooded):
    assert set(flooded.statuses) == {401, 404}
    assert set(flooded.valid) == {200}
