"""`manage.py export_openapi`, and the copy of the contract that is kept with the code."""

from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from chartero import openapi

KEPT = Path(openapi.__file__).with_name("v1.json")


def export(**options):
    out = StringIO()
    call_command("export_openapi", stdout=out, **options)
    return out.getvalue()


def test_no_change_of_the_contract_goes_unnoticed():
    """What differs is printed; if it is meant: manage.py export_openapi --output chartero/openapi/v1.json."""
    call_command("export_openapi", check=KEPT)


def test_it_goes_to_the_terminal_or_to_a_file(tmp_path):
    assert export() == openapi.text().decode()
    assert export(output=tmp_path / "contract.json") == ""
    assert (tmp_path / "contract.json").read_bytes() == openapi.text()


def test_a_difference_is_shown_and_fails(tmp_path):
    file, out = tmp_path / "contract.json", StringIO()
    file.write_text(openapi.text().decode().replace('"maximum": 100,', '"maximum": 500,', 1))
    with pytest.raises(CommandError, match="differs from the contract"):
        call_command("export_openapi", check=file, stdout=out)
    changed = [line.strip() for line in out.getvalue().splitlines() if line.startswith(("-  ", "+  "))]
    assert [line.split() for line in changed] == [["-", '"maximum":', "500,"], ["+", '"maximum":', "100,"]]


@pytest.mark.parametrize("option", ["output", "check"])
def test_a_file_that_cannot_be_used(tmp_path, option):
    with pytest.raises(CommandError, match="can't be"):
        export(**{option: tmp_path / "nowhere" / "contract.json"})


def test_one_thing_at_a_time(tmp_path):
    with pytest.raises(CommandError, match="not allowed with"):
        call_command("export_openapi", "--output", tmp_path / "x", "--check", tmp_path / "x")
