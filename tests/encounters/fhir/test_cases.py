"""What real systems have produced, one row a case: folders, Bundles, histories and files that were not read whole."""

from collections import Counter
from dataclasses import dataclass, field

import pytest

from tests.encounters.fhir.cases import rows, run_case

pytestmark = pytest.mark.samples


@dataclass(frozen=True)
class Expected:
    """What may be served afterwards, the codes reported over all commands, and each command's exit code."""

    served: set[str]
    codes: dict[str, int] = field(default_factory=dict)
    exit_codes: tuple[int, ...] = (0,)


def encounter(source_id: str, patient: str = "p1", status: str = "completed") -> str:
    return f"Encounter/{source_id} of {patient}, {status}"


INA = "Patient/p1 Example"
VISIT = {INA, encounter("e1")}

TABLE = {
    "45-wrong-type-in-file": Expected(VISIT, {"wrong_resource_type": 1}),
}


@pytest.mark.parametrize("name", TABLE)
def test_a_case_gives_what_is_expected_of_it(name, organization):
    runs = run_case(name, organization)
    codes = sum((Counter(each.codes) for each in runs), Counter())
    assert Expected(served(), dict(codes), tuple(each.exit_code for each in runs)) == TABLE[name]


def served() -> set[str]:
    """Return the rows that may be served, each as one text."""
    return {_told(resource, values) for resource, values in rows().items()}


def _told(resource: str, values: dict) -> str:
    match resource.partition("/")[0]:
        case "Patient":
            return f"{resource} {values['last_name']}"
        case "Encounter":
            return f"{resource} of {values['patient']}, {values['status']}"
    return f"{resource} of {values['encounter']}: {values['content']}"
