"""Over 10,000 random calls the ledger holds a row for each answer to a known key, and whose data left, no one else's.

What left is read from the bodies. `CHARTERO_AGREEMENT` sets another number of calls.
"""

import os
from dataclasses import replace
from random import Random

import pytest
from django.db.models import Sum
from django.test import Client

from encounters.api import queries
from encounters.models import Document, Encounter, Patient
from partners.api.disclosure import Disclosure
from partners.models import ApiKey, RequestRecord, UnkeyedCount
from partners.record import ledger
from partners.record.unknown_callers import unkeyed
from tests.agreement.situations import GOOD_HEADERS, PATHS, Situation, generated, query_of
from tests.agreement.world import World
from tests.factories import START, EncounterFactory, PatientFactory
from tests.test_agreement import deployment, set_deployment

CALLS = int(os.environ.get("CHARTERO_AGREEMENT", "10000"))
CLIENT = Client(raise_request_exception=False)
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("settled")]


class Crowd(World):
    """The world, with pages full of encounters: of patients who come often, of none, and of such as are not served."""

    def __init__(self, situations, random):
        super().__init__(situations)
        self.random = random
        self.served = {pk: [each] for (pk, kind), each in self.encounters.items() if kind == "clinical"}
        stranger = PatientFactory()
        for organization in self.organizations.values():
            own = [PatientFactory(organization=organization) for _ in range(8)]
            gone = PatientFactory(organization=organization, withdrawn_at=START)
            for _ in range(20):
                patient = random.choice([*own, gone, stranger, None])
                self.served[organization.pk].append(EncounterFactory(organization=organization, patient=patient))

    def called(self, situation, token):
        """Call as the situation says, for a random page or a random encounter where it leaves that open."""
        organization = self.organization(situation)
        path, query = self.path(situation), query_of(situation, self.random, self.cursor(situation)).text
        if situation.path == "list" and not situation.faults:
            query = f"limit={self.random.randint(1, 30)}&offset={self.random.choice([0, 0, 5, 19, 40])}"
        if situation.path == "detail" and situation.mine and situation.encounter == "clinical" and organization:
            path = path.rpartition("/")[0] + f"/{self.random.choice(self.served[organization.pk])}"
        raw = query.encode().decode("latin-1")
        with set_deployment(situation):
            header = self.header(situation, token)
            return path, CLIENT.generic(situation.method, path, QUERY_STRING=raw, HTTP_AUTHORIZATION=header)


def calls(number):
    """Return situations of which every fifth is served for sure."""
    random = Random(2027)
    served = [replace(Situation(), path=random.choice([*["list"] * 5, *PATHS])) for _ in range(number // 5)]
    return generated(number - len(served), seed=2027) + served


def is_known(s):
    """Tell whether the call is by a key that is known: there is one, and its own secret was sent and can be
    verified."""
    sent = s.header in GOOD_HEADERS and not s.damage and (s.accepts_test or not s.is_test)
    return sent and s.secret == "own" and s.number in s.loaded


def held(path, answer):
    """Return the ids of the encounters, the patients and the document that a body is about."""
    if not answer.content or answer.status_code != 200:
        return [], set(), None
    if "/documents/" in path:
        *_, encounter_id, _, document_id = path.removesuffix("/transcript").removesuffix("/audio").split("/")
        return [encounter_id], {Encounter.objects.get(public_id=encounter_id).patient.public_id}, document_id
    body = answer.json()
    if "key" in body:
        return [], set(), None
    items = [body["encounter"]] if "encounter" in body else body["items"]
    patients = {item["patient"]["patient_id"] for item in items if item.get("patient")}
    return [item["encounter_id"] for item in items], patients, None


def expected(situation, token, path, answer):
    """Return what the row must say, by the answer alone."""
    code = answer.json()["reason_code"] if answer.status_code != 200 and answer.content else None
    return token.public_part, answer.status_code, code, PATHS.get(situation.path, ""), *held(path, answer)


def on_record():
    """Return what each row says, by request id, in the words of the API."""
    encounters, patients, documents, keys = (
        dict(model.objects.values_list("pk", name))
        for model, name in (
            (Encounter, "public_id"),
            (Patient, "public_id"),
            (Document, "public_id"),
            (ApiKey, "public_part"),
        )
    )
    return {
        row.request_id: (
            keys[row.api_key_id],
            row.status,
            row.reason_code or None,
            row.route,
            [encounters[pk] for pk in row.encounters],
            {patients[pk] for pk in row.patients},
            documents.get(row.document),
        )
        for row in RequestRecord.objects.all()
    }


def compared(situations):
    """Make all calls; return, by request id, what was answered to known keys, and how many answers belong to none."""
    situations, answered, others = sorted(situations, key=deployment), {}, 0
    crowd = Crowd(situations, Random(7))
    for situation, token in zip(situations, crowd.tokens, strict=True):
        path, answer = crowd.called(situation, token)
        if is_known(situation):
            answered[answer["X-Request-ID"]] = expected(situation, token, path, answer)
        else:
            others += 1
    return answered, others


def differences(answered, recorded):
    """Return the answers whose row is missing or says something else, and the rows without an answer."""
    return {
        request_id: (answered.get(request_id), recorded.get(request_id))
        for request_id in answered.keys() | recorded.keys()
        if not agree(answered.get(request_id), recorded.get(request_id))
    }


def agree(answer, row):
    """Tell whether they are alike; an answer to HEAD does not tell its code."""
    if answer is None or row is None:
        return False
    return answer == row or (answer[1] != 200 and answer[2] is None and answer == (*row[:2], None, *row[3:]))


@pytest.mark.once("postgresql")
def test_the_ledger_says_what_was_answered():
    answered, others = compared(calls(CALLS))
    assert differences(answered, on_record()) == {}
    bodies = [each for each in answered.values() if each[1] == 200]
    assert sum(len(patients) for *_, patients, _ in bodies) > CALLS / 2
    assert {each[3] for each in bodies if each[4]} == {*PATHS.values()} - {"key.read"}
    assert others > CALLS / 10
    assert written() == others
    assert used() == {each[0] for each in bodies if each[3] != "key.read"}


def written():
    """Return how many answers were counted."""
    unkeyed.TALLY.write()
    return UnkeyedCount.objects.aggregate(total=Sum("count"))["total"]


def used():
    """Return the public parts of the keys that were used."""
    return set(ApiKey.objects.filter(last_used_at__isnull=False).values_list("public_part", flat=True))


@pytest.mark.parametrize(
    "told",
    [
        lambda said: Disclosure(said.encounters, said.patients[:-1]),
        lambda said: Disclosure(said.encounters[1:], said.patients),
        lambda said: Disclosure(said.encounters[::-1], said.patients),
        lambda said: Disclosure(said.encounters, [*said.patients, Patient.objects.first().pk]),
    ],
)
def test_a_row_that_says_more_or_less_is_noticed(monkeypatch, told):
    disclosure = queries._disclosure
    monkeypatch.setattr(queries, "_disclosure", lambda rows: told(disclosure(rows)))
    answered, _ = compared(calls(200))
    assert differences(answered, on_record())


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST"])
def test_a_row_that_is_lost_is_noticed(monkeypatch, method):
    kept = ledger.kept
    monkeypatch.setattr(
        ledger, "kept", lambda request, answer: answer if request.method == method else kept(request, answer)
    )
    answered, _ = compared(calls(200))
    assert differences(answered, on_record())
