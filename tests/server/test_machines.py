"""Two machines over one database and with the same secrets: what is done at one holds at the other.

That a limit of calls holds over both is in `test_limits.py`, that a job runs once in
`tests/partners/management/test_exclusive.py`.
"""

import re
from contextlib import ExitStack
from pathlib import Path

import pytest

from chartero.demo.partners import MAIN
from tests.outages.staff import signed_in
from tests.partners.support.key_pages import ISSUE, KEYS, READS, TOKEN
from tests.server.deployment import Deployment
from tests.server.fronting import TOLD

pytestmark = pytest.mark.server
LIST = "/external/v1/encounters?limit=1"


@pytest.fixture(scope="module")
def machines(served, tmp_path_factory):
    """Return the ports of two servers with the same secrets, each with a folder of its own."""
    folder = Path(served.environment["CHARTERO_DATA_DIR"])
    shared = {
        "CHARTERO_SECRET_KEY": (folder / "secret_key").read_text(),
        "CHARTERO_DIGEST_KEYS": (folder / "digest_keys").read_text(),
        "CHARTERO_SECOND_FACTOR": "off",
    }
    with ExitStack() as stack:
        yield [
            stack.enter_context(
                Deployment(served.environment, web=served.web).serving(
                    CHARTERO_DATA_DIR=str(tmp_path_factory.mktemp(name)), **shared, **TOLD
                )
            ).port
            for name in ("one", "two")
        ]


@pytest.fixture
def person(served):
    return signed_in(served)


def issue(person, port, form) -> str:
    """Return the page that answers a form to issue a key."""
    return person.open(port, ISSUE, form).body.decode()


@pytest.fixture
def form(person, machines):
    """Return what the form of the first machine sends to issue a key."""
    given = {"organization": MAIN, "label": "Shared", "scopes": READS, "lifetime": "90", "step": "issue"}
    return given | {"nonce": person.nonce(machines[0], ISSUE)}


def test_a_sign_in_holds_at_both_until_either_ends_it(person, machines):
    assert [person.open(port, "/admin/").status for port in machines] == [200, 200]
    person.open(machines[1], "/admin/logout/", {})
    assert [person.open(port, "/admin/").status for port in machines] == [302, 302]


def test_a_form_that_was_sent_to_one_is_used_at_the_other(person, machines, form):
    first, second = (issue(person, port, form) for port in machines)
    assert TOKEN.search(first)
    assert not TOKEN.search(second)
    assert "already" in second


def test_a_key_that_is_disabled_at_one_is_refused_by_the_next_call_at_the_other(person, machines, form):
    page = issue(person, machines[0], form)
    bearer = {"Authorization": f"Bearer {TOKEN.search(page)[0]}"}
    number = re.search(rf"{KEYS}(\d+)/", page)[1]
    assert person.open(machines[1], LIST, **bearer).status == 200
    assert person.open(machines[0], f"{KEYS}{number}/disable/", {"reason": "a test"}).status == 302
    assert person.open(machines[1], LIST, **bearer).json()["reason_code"] == "disabled_key"
