import re
from datetime import timedelta

import django_otp
import pytest
from django.contrib.auth.models import User
from django.db import IntegrityError, transaction
from django.utils import timezone

from partners.signin.guards import totp
from partners.signin.models import ALPHABET, Phone, RecoveryCode, SessionEpoch
from tests.partners.support.person import app_code


@pytest.fixture
def phone(user):
    return Phone.objects.create(user=user, seed=totp.new_seed(), last_step=-1)


@pytest.fixture
def right(phone, clock):
    return app_code(totp.secret(phone.seed), clock.now)


def verified(phone, code) -> bool:
    return django_otp.verify_token(phone.user, phone.persistent_id, code) is not None


def let_pass(phone, seconds):
    then = timezone.now() - timedelta(seconds=seconds)
    Phone.objects.filter(pk=phone.pk).update(throttling_failure_timestamp=then)
    phone.refresh_from_db()


def test_a_code_is_accepted_once(phone, right):
    assert verified(phone, right)
    assert not verified(phone, right)


def test_after_a_wrong_code_even_a_right_one_has_to_wait(phone, right):
    assert not verified(phone, "x")
    assert not verified(phone, right)
    let_pass(phone, 1)
    assert verified(phone, right)


@pytest.mark.parametrize(("failures", "wait"), [(0, 0), (1, 1), (2, 2), (5, 16), (9, 256), (12, 256)])
def test_the_wait_doubles_up_to_four_minutes(phone, failures, wait):
    for _ in range(failures):
        phone.throttle_increment()
    phone.refresh_from_db()
    assert phone.seconds_to_wait() == wait
    assert not failures or not verified(phone, "x")


def test_an_attempt_during_the_wait_does_not_prolong_it(phone):
    verified(phone, "x")
    verified(phone, "x")
    phone.refresh_from_db()
    assert phone.throttling_failure_count == 1


def test_a_right_code_ends_the_waits(phone, right):
    phone.throttle_increment()
    let_pass(phone, 1)
    assert verified(phone, right)
    phone.refresh_from_db()
    assert phone.throttling_failure_count == phone.seconds_to_wait() == 0


def test_failures_are_counted_in_the_database_only_when_asked(phone):
    phone.throttle_increment(commit=False)
    phone.refresh_from_db()
    assert phone.throttling_failure_count == 0


def test_a_person_has_one_phone(phone):
    with pytest.raises(IntegrityError), transaction.atomic():
        Phone.objects.create(user=phone.user, seed=totp.new_seed(), last_step=-1)
    assert Phone.of(phone.user) == phone


def test_ten_codes_of_99_bits_that_are_easy_to_type(user):
    codes = RecoveryCode.replace(user)
    assert len(set(codes)) == 10
    assert all(re.fullmatch(rf"[{ALPHABET}]{{5}}(-[{ALPHABET}]{{5}}){{3}}", code) for code in codes)
    assert len(set(ALPHABET)) ** 20 > 2**99


def test_no_code_is_stored(user):
    codes = RecoveryCode.replace(user)
    stored = str(list(RecoveryCode.objects.values()))
    assert not any(code in stored or code.replace("-", "") in stored for code in codes)
    assert {str(row) for row in RecoveryCode.objects.all()} == {"Recovery code of invented"}


@pytest.mark.parametrize(
    "write", [str, str.upper, lambda code: code.replace("-", ""), lambda code: f" {code.replace('-', ' ')} "]
)
def test_a_recovery_code_works_once_however_it_is_written(user, write):
    code = RecoveryCode.replace(user)[3]
    assert RecoveryCode.use(user, write(code))
    assert not RecoveryCode.use(user, write(code))
    assert RecoveryCode.left(user).count() == 9


def test_a_recovery_code_works_only_for_its_owner(user):
    other = User.objects.create_user("another")
    code = RecoveryCode.replace(user)[0]
    assert not RecoveryCode.use(other, code)
    assert not RecoveryCode.use(user, code[:-1])
    assert RecoveryCode.left(user).count() == 10


def test_new_codes_end_the_earlier_ones(user):
    earlier = RecoveryCode.replace(user)
    RecoveryCode.replace(user)
    assert not RecoveryCode.use(user, earlier[0])
    assert RecoveryCode.left(user).count() == 10


def test_sessions_are_ended_by_a_number_that_grows(user):
    assert SessionEpoch.of(user.pk) == 0
    for number in (1, 2):
        SessionEpoch.end_sessions(user)
        assert SessionEpoch.of(user.pk) == number
    assert str(SessionEpoch.objects.get()) == "Sessions of invented"
