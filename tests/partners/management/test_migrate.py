"""`manage.py migrate` restores what the checks find in a database, so they don't stop it."""

import pytest
from django.core.management import call_command
from django.core.management.base import SystemCheckError
from django.db import connection

from partners.models import Scope, triggers
from partners.triggers import comparing, installing

pytestmark = [pytest.mark.django_db, pytest.mark.clock_of_database]


def test_what_differs_in_the_database_is_restored():
    Scope.objects.update(description="another")
    installing.remove(connection, triggers.SET)
    with pytest.raises(SystemCheckError):
        call_command("check", databases=["default"])
    call_command("migrate", verbosity=0, skip_checks=False)
    assert comparing.faults(connection) == []
    assert not Scope.objects.filter(description="another").exists()


def test_a_fault_of_the_configuration_still_stops_it(settings):
    settings.RETENTION_YEARS = 1
    with pytest.raises(SystemCheckError, match=r"partners\.E006"):
        call_command("migrate", verbosity=0, skip_checks=False)
