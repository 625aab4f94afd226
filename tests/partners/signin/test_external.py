"""The partner API knows nothing of signing in."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.api import LIST, check_ground_rules


def statements(client, token, **extra) -> list[str]:
    with CaptureQueriesContext(connection) as captured:
        answer = client.get(LIST, HTTP_AUTHORIZATION=f"Bearer {token}", **extra)
    check_ground_rules(answer)
    assert answer.status_code == 200
    return [each["sql"] for each in captured]


@pytest.mark.parametrize("who", ["halfway", "enrolled"])
def test_a_session_makes_no_difference(who, request, token, api):
    person = request.getfixturevalue(who)
    statements(api.client, token)  # the first call of a minute notes the use of the key beside its record
    made = statements(person.client, token)
    assert len(made) == len(statements(api.client, token))
    assert not any(table in sql for sql in made for table in ("django_session", "signin_", "axes_", "auth_user"))


def test_a_session_that_is_over_is_not_ended_there(enrolled, token):
    key = enrolled.client.session.session_key
    enrolled.clock.now += 24 * 3600
    statements(enrolled.client, token)
    assert enrolled.client.session.session_key == key


def test_refusals_do_not_lock_people_out(api, person):
    api.token = "wrong"
    assert {api.get().status_code for _ in range(10)} == {401}
    assert person.sign_in().status_code == 302
