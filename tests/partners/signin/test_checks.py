import pytest
from django.core.checks import run_checks

from partners.signin.checks import second_factor
from tests.chartero.support.manage import DIGEST_KEY, SECRET, manage


@pytest.mark.parametrize(
    ("environment", "on", "faults"),
    [
        ("production", True, []),
        ("production", False, ["partners.E005"]),
        ("sandbox", False, []),
        ("development", False, []),
    ],
)
def test_production_needs_the_second_factor(settings, environment, on, faults):
    settings.ENVIRONMENT, settings.SECOND_FACTOR = environment, on
    assert [fault.id for fault in second_factor(None)] == faults
    assert ("partners.E005" in [fault.id for fault in run_checks()]) is bool(faults)


def test_production_does_not_start_without_it(tmp_path):
    environment = {
        "CHARTERO_ENVIRONMENT": "production",
        "CHARTERO_SECRET_KEY": SECRET,
        "CHARTERO_DIGEST_KEYS": DIGEST_KEY,
        "CHARTERO_ALLOWED_HOSTS": "api.example.com",
    }
    refused = manage(tmp_path, "check", CHARTERO_SECOND_FACTOR="off", **environment)
    assert (refused.returncode, "partners.E005" in refused.stderr) == (1, True)
    misspelt = manage(tmp_path, "check", CHARTERO_SECOND_FACTOR="of", **environment)
    assert (misspelt.returncode, "CHARTERO_SECOND_FACTOR" in misspelt.stderr) == (1, True)
