"""Records that are withheld in the middle of partners' syncs: from the next call on, nothing shows them."""

from concurrent.futures import ThreadPoolExecutor
from random import Random
from threading import Event
from typing import NamedTuple

import pytest
from django.core.files.base import ContentFile
from django.test import Client

from encounters.recordings import storage as recordings
from encounters.webhooks import ReadyTranscripts
from tests.api import CHANGES, LIST, Api
from tests.encounters.support.counted import wrong
from tests.encounters.support.restricted import restrict
from tests.factories import CHANGE, DocumentFactory, EncounterFactory, OrganizationFactory, PatientFactory, issue
from tests.partners.support.webhooks import event_for
from tests.racing import close, lift_limits, rounds

pytestmark = pytest.mark.usefixtures("on_file", "recordings_folder")
READERS, PATIENTS, PAGE = 3, 4, 5
ROUNDS = rounds(postgresql=2, sqlite=2)
TURNS = [{"speaker": "A", "start": 0.0, "end": 1.0, "text": "Invented."}]


@pytest.fixture(autouse=True)
def patience(monkeypatch):
    """Let calls wait for the database as long as a busy machine takes."""
    monkeypatch.setattr("chartero.web.middleware.DATABASE_SECONDS", 120.0)
    monkeypatch.setattr("chartero.web.unavailable.STATEMENT_SECONDS", 120.0)


class Moment(NamedTuple):
    """What is withheld, and how many writes were begun and ended: an odd number while one is under way."""

    withheld: frozenset[str] = frozenset()
    writes: int = 0


class World:
    """An organization with encounters of a few patients, and what is withheld of it at the moment."""

    def __init__(self):
        self.moment, self.organization = Moment(), OrganizationFactory()
        self.token = issue(self.organization)[1]
        patients = PatientFactory.create_batch(PATIENTS, organization=self.organization)
        self.documents = [self._recorded(patient) for patient in patients for _ in range(3)]
        self.links = {each.pk: recordings.storage().url(each.audio, expire=600) for each in self.documents}
        self.events = {each.pk: self._event(each) for each in self.documents}

    def _recorded(self, patient):
        encounter = EncounterFactory(organization=self.organization, patient=patient)
        name = recordings.storage().save(f"{encounter.public_id}.wav", ContentFile(b"RIFF invented"))
        return DocumentFactory(encounter=encounter, audio=name, turns=TURNS)

    def _event(self, document):
        ids = {"encounter_id": document.encounter.public_id, "document_id": document.public_id}
        return event_for(self.organization, **ids)

    def restrict(self, subject):
        """Restrict an encounter or a patient, and say so when it holds."""
        self.moment = self.moment._replace(writes=self.moment.writes + 1)
        restriction = restrict(subject)
        withheld = frozenset(restriction.encounters().values_list("public_id", flat=True))
        self.moment = Moment(withheld, self.moment.writes + 1)
        return restriction

    def lift(self, restriction):
        """Lift a restriction, and no longer rely on it as soon as that begins."""
        self.moment = Moment(writes=self.moment.writes + 1)
        restriction.lift(CHANGE)
        self.moment = Moment(writes=self.moment.writes + 1)


class Partner:
    """A client that reads all there is. What is withheld during the whole of a call must not be in its answer."""

    def __init__(self, world):
        self.world, self.api, self.client, self.held = world, Api(world.token), Client(), 0

    def look(self, document):
        """Read everything about one document, and every page of the list and of the changes."""
        for offset in range(0, len(self.world.documents), PAGE):
            self._call(self._page, offset)
        for read in (self._changes, self._event):
            self._call(read, document)
        encounter = f"{LIST}/{document.encounter.public_id}"
        of_document = f"{encounter}/documents/{document.public_id}"
        for path in (encounter, of_document, f"{of_document}/transcript", f"{of_document}/audio"):
            self._call(self._found, document, path)
        self._call(self._recording, document)

    def _call(self, read, *about):
        before = self.world.moment
        shown = read(*about)
        if self.world.moment == before:
            assert not shown & before.withheld, (read.__name__, about)
            self.held += bool(before.withheld)

    def _page(self, offset):
        before = self.world.moment
        page = self.api.get(LIST, f"limit={PAGE}&offset={offset}").json()
        if self.world.moment == before and not before.writes % 2:
            assert page["total"] == len(self.world.documents) - len(before.withheld)
        return {each["encounter_id"] for each in page["items"]}

    def _changes(self, _):
        page = self.api.get(CHANGES, "limit=1000").json()
        return {each["encounter_id"] for each in page["items"] if each["change"] != "withdrawn"}

    def _event(self, document):
        told = ReadyTranscripts().served([self.world.events[document.pk]])
        return {document.encounter.public_id} if told else set()

    def _found(self, document, path):
        status = self.api.get(path).status_code
        assert status in (200, 404)
        return {document.encounter.public_id} if status == 200 else set()

    def _recording(self, document):
        response = self.client.get(self.world.links[document.pk])
        assert response.status_code in (200, 404)
        response.close()
        return {document.encounter.public_id} if response.status_code == 200 else set()


def read_on(world, over, seed):
    """Read random documents until it is over, and return how many calls met something withheld."""
    lift_limits()
    partner, random = Partner(world), Random(seed)
    try:
        while not over.is_set():
            partner.look(random.choice(world.documents))
        return partner.held
    finally:
        close()


def test_from_the_next_call_on_nothing_shows_what_is_withheld_while_others_read():
    lift_limits()
    world, over, random = World(), Event(), Random(7)
    partner = Partner(world)
    with ThreadPoolExecutor(READERS) as pool:
        reading = [pool.submit(read_on, world, over, seed) for seed in range(READERS)]
        try:
            for number in range(ROUNDS):
                document = random.choice(world.documents)
                encounter = document.encounter
                restriction = world.restrict(encounter.patient if number % 2 else encounter)
                met = partner.held
                partner.look(document)
                assert partner.held - met == 10
                world.lift(restriction)
        finally:
            over.set()
        for each in reading:
            each.result()
    lift_limits()  # again: a long run has outlived its connection
    assert wrong() == []
