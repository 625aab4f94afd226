"""docs/security.md: what it names exists, and its commands investigate a break-in."""

import csv
import json
import re
import shlex
from io import StringIO
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.core.management import call_command

from partners.models import ApiKey, ChangeEvent, KeyState
from partners.models.change import Action
from partners.seals import sealing
from tests.api import Api
from tests.factories import EncounterFactory, issue

ROOT = Path(__file__).parents[1]
TEXT = (ROOT / "docs/security.md").read_text()
BLOCKS = re.findall(r"```sh\n(.*?)```", TEXT, re.DOTALL)
COMMANDS = [line.strip() for block in BLOCKS for line in block.splitlines() if "manage.py" in line]
PATHS = set(re.findall(r"`((?:partners|encounters|chartero|tests|docs|\.ci)/[\w./]*)`", TEXT))


def test_every_file_that_it_names_exists():
    assert len(PATHS) > 80
    assert [path for path in PATHS if not (ROOT / path).exists()] == []


def test_each_section_with_a_gap_names_its_requirement():
    rows = [row.split("|")[1:] for row in TEXT.partition("## OWASP")[2].splitlines() if row.startswith("| ")]
    gaps = [re.findall(r"\*\*gap (\d+)\.(\d+)\.\d+\*\*", row[1]) for row in rows]
    assert sum(map(len, gaps)) == TEXT.count("**gap ") >= 14
    for row, found in zip(rows, gaps, strict=True):
        assert all(chapter == row[0].strip().partition(".")[0] for chapter, _ in found), row[0]


@pytest.mark.django_db
def test_its_commands_investigate_a_break_in(organization, tmp_path, settings):
    settings.DATA_DIR = tmp_path
    key, token = issue(organization)
    User.objects.create_user("ada", is_staff=True)
    encounter = EncounterFactory(organization=organization)
    assert Api(token).get(f"/external/v1/encounters/{encounter.public_id}").status_code == 200
    sealing.seal()
    found = tmp_path / "found.txt"
    found.write_text(f"curl -H 'Authorization: Bearer {token}'")
    given = {"KEY": key.public_part, "PERSON": "ada", "PATIENT": encounter.patient.public_id, "FILE": str(found)}
    for command in COMMANDS:
        words = [given.get(word, word.replace("FOLDER", str(tmp_path))) for word in shlex.split(command)[2:]]
        call_command(*words, stdout=StringIO())
    assert ApiKey.objects.get(pk=key.pk).state is KeyState.DISABLED
    assert ChangeEvent.objects.filter(action=Action.KEY_LEAKED, api_key=key, ticket="INC-1").exists()
    with (tmp_path / "reads.csv").open(newline="") as reads:
        assert encounter.patient.public_id in {row["id"] for row in csv.DictReader(reads)}
    lines = [json.loads(line) for file in tmp_path.glob("changes-*.jsonl") for line in file.read_text().splitlines()]
    assert "key_disabled" in {line["action"] for line in lines}
    assert (tmp_path / "disclosures.csv").exists()
