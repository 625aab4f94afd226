"""An import as an operator starts it."""

import json
from io import StringIO

import pytest
from django.core.management import call_command


@pytest.fixture
def run_import(organization):
    """Import a path into the organization and return the JSON report."""

    def run(path, *options, record_class="clinical", source="source"):
        out = StringIO()
        arguments = ["--organization", organization.public_id, "--record-class", record_class, "--source", source]
        call_command("import_fhir", str(path), *arguments, *options, "--json", stdout=out)
        return json.loads(out.getvalue())

    return run


@pytest.fixture
def counts(run_import):
    """Import a path and return only the counts of outcomes."""
    return lambda *arguments, **options: run_import(*arguments, **options)["counts"]


@pytest.fixture
def codes(run_import):
    """Import a path and return only the codes of its issues, sorted."""
    return lambda *arguments, **options: sorted(each["code"] for each in run_import(*arguments, **options)["issues"])
