"""What the rounds of webhooks call a fault."""

import json
from types import SimpleNamespace

import pytest

from tests.faults.webhook_rounds import Partner
from tests.partners.support.receiver import Got

pytestmark = pytest.mark.django_db
LATER = 2e10  # seconds of Unix time


@pytest.fixture
def partner(tmp_path, monkeypatch) -> Partner:
    monkeypatch.setattr("tests.faults.webhook_rounds.Receiver", lambda *_, **__: SimpleNamespace(url=URL, got=[]))
    monkeypatch.setattr("random.random", lambda: 1.0)
    monkeypatch.setattr("random.uniform", lambda *_: 0.0)
    return Partner("up", tmp_path)


URL = "https://receiver.example/"


def got(document: str, *, event="evt_1", delivery="whd_1", at=LATER) -> Got:
    body = json.dumps({"resources": {"document_id": document}}).encode()
    return Got(at, {"ChartHero-Event-Id": event, "ChartHero-Delivery-Id": delivery}, body)


def test_an_event_that_arrives_as_it_should_is_no_fault(partner):
    partner.write()
    (document,) = partner.released
    assert partner.faults(None) == ["up: 1 did not arrive"]
    partner.receiver.got += [got(document), got(document)]
    assert partner.faults(None) == []


@pytest.mark.parametrize(
    ("more", "fault"),
    [
        ({"at": 1.0}, "arrived too early"),
        ({"delivery": "whd_2"}, "had other ids"),
        ({"event": "evt_2"}, "were told of twice"),
    ],
)
def test_each_fault_is_found(partner, more, fault):
    partner.write()
    (document,) = partner.released
    partner.receiver.got += [got(document), got(document, **more)]
    assert partner.faults(None) == [f"up: 1 {fault}"]


def test_an_event_about_nothing_is_a_fault(partner):
    partner.released["doc_rolled_back"] = 0.0
    partner.receiver.got.append(got("doc_rolled_back"))
    assert partner.faults(None) == ["up: 1 arrived without its data"]


def test_what_the_library_refuses_is_not_let_pass(partner):
    def refuse(body, headers):
        raise ValueError("no signature fits")

    library = SimpleNamespace(Webhook=lambda secret: SimpleNamespace(verify=refuse))
    partner.write()
    partner.receiver.got += [got(*partner.released)]
    with pytest.raises(ValueError, match="no signature"):
        partner.faults(library)
