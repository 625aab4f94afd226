"""A page whose database fails, and how long it waits for one that is silent."""

import time

import pytest
from django import db
from django.db import connection
from django.http import HttpResponse, StreamingHttpResponse

from chartero.postgresql.sessions import LIMIT
from chartero.web import unavailable
from chartero.web.unavailable import DatabaseMiddleware


@pytest.fixture
def failing(admin_client):
    """Return a function that asks for a page whose first statement fails."""
    admin_client.raise_request_exception = False

    def asked(fault, method="get"):
        def broken(*arguments):
            raise fault

        with connection.execute_wrapper(broken):
            return getattr(admin_client, method)("/admin/")

    return asked


@pytest.mark.parametrize("fault", [db.OperationalError, db.InterfaceError])
@pytest.mark.parametrize("method", ["get", "post"])
def test_a_page_without_a_database_says_so(failing, fault, method, caplog):
    answer = failing(fault("database is locked"), method)
    assert (answer.status_code, answer["Retry-After"]) == (503, "5")
    assert "no-store" in answer["Cache-Control"]
    assert "check first whether it was saved" in answer.text
    assert "locked" not in answer.text
    assert caplog.records[-1].status_code == 503


@pytest.mark.parametrize("fault", [db.IntegrityError, ValueError])
def test_a_fault_of_ours_is_a_500(failing, fault):
    answer = failing(fault("invented"))
    assert answer.status_code == 500
    assert "Something went wrong" in answer.text


def test_each_statement_of_a_page_has_its_time():
    seen = []
    DatabaseMiddleware(lambda request: seen.append(LIMIT.get()) or HttpResponse())(None)
    time.sleep(0.3)
    assert seen[0].deadline > time.monotonic() + unavailable.STATEMENT_SECONDS - 0.1
    assert LIMIT.get() is None


def test_a_file_is_made_within_it_too_and_the_server_sends_it_without():
    def parts():
        yield str(LIMIT.get() is not None)
        yield str(LIMIT.get() is not None)

    answer = DatabaseMiddleware(lambda request: StreamingHttpResponse(parts()))(None)
    sent = [(part, LIMIT.get()) for part in answer]
    assert sent == [(b"True", None)] * 2
