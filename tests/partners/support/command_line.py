"""Commands run as an operator would, within the process."""

import json
from io import StringIO

import pytest
from django.core.management import CommandError, call_command


def run(*arguments: str) -> str:
    """Return what the command prints."""
    printed = StringIO()
    call_command(*arguments, stdout=printed)
    return printed.getvalue()


def run_json(*arguments: str) -> dict:
    return json.loads(run(*arguments, "--json"))


def refused(*arguments: str) -> str:
    """Return the error that the command ends with."""
    with pytest.raises(CommandError) as refusal:
        run(*arguments)
    return str(refusal.value)
