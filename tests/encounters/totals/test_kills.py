"""`kill -9` of a process that writes encounters: only what it has committed is counted."""

import random
import signal
import subprocess
import sys
import time

import pytest

from tests.server.deployment import ROOT, new_deployment

pytestmark = [pytest.mark.database, pytest.mark.once("postgresql")]
ROUNDS = 4
WRITE = """
import random
import django
django.setup()
from django.db import transaction
from encounters.models import Encounter
from partners.models import Organization
from tests.encounters.support.counted import store
from tests.factories import START, OrganizationFactory
from datetime import timedelta

organization = Organization.objects.first() or OrganizationFactory()
print("writing", flush=True)
while True:
    with transaction.atomic():
        rows = store(organization, random.randrange(1, 60), START + timedelta(hours=random.randrange(1_000)))
        some = Encounter.objects.filter(pk__in=[row.pk for row in rows[::2]])
        some.update(created_at=START - timedelta(days=random.randrange(90)))
        some.filter(pk__gt=rows[len(rows) // 2].pk).delete()
"""


@pytest.fixture
def deployment(tmp_path):
    with new_deployment(tmp_path) as deployment:
        yield deployment


def test_after_kill_9_every_total_is_exact(deployment):
    encounters = 0
    for _ in range(ROUNDS):
        write_and_kill(deployment)
        report = deployment.report("check_totals")
        assert report["months_differing"] == 0
        assert report["encounters"] > encounters
        encounters = report["encounters"]


def write_and_kill(deployment):
    environment = deployment.environment | {"DJANGO_SETTINGS_MODULE": "chartero.settings"}
    with subprocess.Popen([sys.executable, "-c", WRITE], cwd=ROOT, env=environment, stdout=subprocess.PIPE) as process:
        assert process.stdout.readline() == b"writing\n"
        time.sleep(random.uniform(0.3, 1))
        process.send_signal(signal.SIGKILL)
