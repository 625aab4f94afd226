"""One code sent twice at the same moment: what the database makes of it."""

import django_otp
import pytest
from django.contrib.auth.models import User

from partners.signin.guards import totp
from partners.signin.models import Phone, RecoveryCode
from tests.partners.support.person import app_code
from tests.racing import rounds

pytestmark = pytest.mark.usefixtures("committed")
ROUNDS = rounds(postgresql=100, sqlite=10)


@pytest.fixture
def phone(committed, clock):
    user = User.objects.create_user("invented")
    return Phone.objects.create(user=user, seed=totp.new_seed(), last_step=-1)


def test_of_two_people_with_one_code_only_one_gets_in(phone, clock, race):
    def send():
        return django_otp.verify_token(phone.user, phone.persistent_id, code) is not None

    for _ in range(ROUNDS):
        clock.now += 60
        Phone.objects.update(throttling_failure_count=0)
        code = app_code(totp.secret(phone.seed), clock.now)
        assert sorted(race(send, send)) == [False, True]


def test_two_wrong_codes_at_once_are_one_guess(phone, race):
    def guess():
        return django_otp.verify_token(phone.user, phone.persistent_id, "x")

    for _ in range(ROUNDS):
        Phone.objects.update(throttling_failure_count=0, throttling_failure_timestamp=None)
        race(guess, guess)
        phone.refresh_from_db()
        assert phone.throttling_failure_count == 1


def test_of_two_people_with_one_recovery_code_only_one_gets_in(phone, race):
    for _ in range(ROUNDS):
        code = RecoveryCode.replace(phone.user)[0]
        assert sorted(race(*[lambda code=code: RecoveryCode.use(phone.user, code)] * 2)) == [False, True]
