"""The live API, the diagnosis and the contract agree on 10,000 generated situations.

The contract is the table of `tests.agreement.contract`. `CHARTERO_AGREEMENT` sets another number of situations.
"""

import os
from collections import Counter
from functools import partial
from itertools import pairwise
from random import Random

import pytest
from django.test import Client, override_settings

from encounters.api import policy
from partners.catalogue.reasons import Stage
from partners.catalogue.routes import Route
from partners.decision import policy as access
from partners.diagnosis.callers import Sent
from partners.diagnosis.calls import diagnose
from partners.diagnosis.request_lines import RequestLine
from partners.models import ApiKeySwitch
from tests.agreement.contract import CODES, contract, contract_field, contract_routes, denied_by, route_of
from tests.agreement.situations import generated, query_of
from tests.agreement.world import World
from tests.api import check_ground_rules
from tests.settings import DIGEST_KEYS

SITUATIONS = int(os.environ.get("CHARTERO_AGREEMENT", "10000"))
HEADERS_TOLD = ("WWW-Authenticate", "Allow", "Retry-After", "Content-Type")
CLIENT = Client(raise_request_exception=False)
RULES = {rule.reason.code: rule for rule in access.ACCESS_POLICY}
pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def situations():
    return generated(SITUATIONS)


def deployment(situation):
    return sorted(situation.loaded), situation.accepts_test, situation.switched_on


def set_deployment(situation):
    """Return the settings of the situation; the switch is turned at once."""
    ApiKeySwitch.objects.update(enabled=situation.switched_on)
    keys = [key for key in DIGEST_KEYS.split(",") if int(key.partition(":")[0]) in situation.loaded]
    return override_settings(DIGEST_KEYS=",".join(keys), ACCEPT_TEST_KEYS=situation.accepts_test)


def called(method, path, query, header):
    """Call as a server hands it over: the bytes of the query as Latin-1."""
    raw = query.encode().decode("latin-1")
    answer = CLIENT.generic(method, path, QUERY_STRING=raw, HTTP_AUTHORIZATION=header)
    if method != "HEAD":
        check_ground_rules(answer)
    return answer


def compared(situations):
    """Yield each situation with what the contract, the live API and the diagnosis answer."""
    situations = sorted(situations, key=deployment)
    world, random = World(situations), Random(7)
    for situation, token in zip(situations, world.tokens, strict=True):
        query, path = query_of(situation, random, world.cursor(situation)), world.path(situation)
        header = world.header(situation, token)
        status, code = contract(situation)
        with set_deployment(situation):
            live = called(situation.method, path, query.text, header)
            facts = partial(Sent(header).facts, address="127.0.0.1")
            judged = diagnose(RequestLine.parse(f"{situation.method} {path}?{query.text}"), facts)
        yield situation, (status, code, contract_field(code, query)), live, judged


def differences(situation, expected, live, judged):
    """Return where the three do not agree on one call."""
    answer, refusal = judged.answer, judged.refusal
    told = (judged.status, refusal.reason.code, refusal.field) if refusal else (200, "", None)
    found = {"diagnosis": (told, expected)} if told != expected else {}
    if live.status_code != expected[0]:
        found["status"] = (live.status_code, expected[0])
    if live.status_code != 200 and situation.method != "HEAD":
        sent = live.json()
        if (sent["reason_code"], sent["field"]) != expected[1:]:
            found["code"] = (sent, expected)
    if (live.status_code, situation.method, situation.path) == (200, "GET", "key"):
        told = [(each["route"], each["reason_code"]) for each in live.json()["key"]["routes"]]
        found |= {"routes": told} if told != contract_routes(situation) else {}
    if answer is not None:
        body = b"" if situation.method == "HEAD" else answer.content
        found |= {name: live.get(name) for name in HEADERS_TOLD if told_of(live, name) != told_of(answer, name)}
        if (live.content, live["Content-Length"]) != (body, str(len(answer.content))):
            found["body"] = live.content
    return found


def told_of(answer, name):
    """Return a header, but not the seconds of a minute that goes by between two readings."""
    return name in answer if answer.status_code == 429 else answer.get(name)


@pytest.mark.once("sqlite")
def test_contract_api_and_diagnosis_agree(situations):
    reached = Counter()
    for situation, expected, live, judged in compared(situations):
        assert differences(situation, expected, live, judged) == {}, situation
        reached[expected[1]] += 1
    assert {code for code in CODES if reached[code] < SITUATIONS / 500} == set(), reached


def readers_read(monkeypatch, rules):
    """Have the API and the diagnosis decide by other rules than the product's."""
    monkeypatch.setattr(access, "ACCESS_POLICY", tuple(rules))


@pytest.mark.parametrize("code", RULES)
def test_a_rule_that_is_lost_everywhere_is_noticed(situations, monkeypatch, code):
    readers_read(monkeypatch, [rule for rule in access.ACCESS_POLICY if rule.reason.code != code])
    decided = [each for each in situations if contract(each)[1] == code]
    assert any(differences(*each) for each in compared(decided[:3]))


@pytest.mark.parametrize("rule", policy.ENCOUNTER_POLICY, ids=lambda rule: rule.reason.code)
def test_a_lost_rule_about_the_encounter_is_noticed(situations, monkeypatch, rule):
    monkeypatch.setattr(policy, "ENCOUNTER_POLICY", tuple(each for each in policy.ENCOUNTER_POLICY if each is not rule))
    decided = [each for each in situations if contract(each)[1] == rule.reason.code and each.path == "detail"]
    assert any(differences(*each) for each in compared(decided[:3]))


@pytest.mark.parametrize("rule", policy.CHANGES_POLICY, ids=lambda rule: rule.reason.code)
def test_a_lost_rule_about_the_cursor_is_noticed(situations, monkeypatch, rule):
    monkeypatch.setattr(policy, "CHANGES_POLICY", tuple(each for each in policy.CHANGES_POLICY if each is not rule))
    code, kinds = rule.reason.code, ("another's", "expired")
    decided = [each for each in situations if contract(each)[1] == code and each.cursor in kinds]
    assert any(differences(*each) for each in compared(decided[:3]))


@pytest.mark.parametrize(
    ("route", "rule"),
    [(route, rule) for route, rules in policy.DOCUMENT_POLICIES.items() for rule in rules],
    ids=lambda each: each.route_name if isinstance(each, Route) else each.reason.code,
)
def test_a_lost_rule_about_the_document_is_noticed(situations, monkeypatch, route, rule):
    kept = tuple(each for each in policy.DOCUMENT_POLICIES[route] if each is not rule)
    monkeypatch.setitem(policy.DOCUMENT_POLICIES, route, kept)
    decided = [each for each in situations if contract(each)[1] == rule.reason.code and route_of(each) is route]
    assert noticed(decided[:3])


def noticed(situations):
    """Return True if the three don't agree, or if an answer isn't what the published document says."""
    try:
        return any(differences(*each) for each in compared(situations))
    except AssertionError as fault:
        return "not as published" in str(fault)


@pytest.mark.parametrize("code", [code for code, rule in RULES.items() if rule.reason.stage is Stage.ACCESS])
def test_a_rule_that_is_lost_is_noticed_in_what_a_key_is_told(situations, monkeypatch, code):
    readers_read(monkeypatch, [rule for rule in access.ACCESS_POLICY if rule.reason.code != code])
    served = [each for each in situations if each.path == "key" and each.method == "GET" and contract(each)[0] == 200]
    refused = [each for each in served if code in dict(contract_routes(each)).values()]
    assert any(differences(*each) for each in compared(refused[:3]))


@pytest.mark.parametrize(("earlier", "later"), [*pairwise(RULES)])
def test_two_rules_in_the_wrong_order_are_noticed(situations, monkeypatch, earlier, later):
    order = {earlier: RULES[later], later: RULES[earlier]}
    readers_read(monkeypatch, [order.get(code, rule) for code, rule in RULES.items()])
    both = [each for each in situations if contract(each)[1] == earlier and later in denied_by(each)]
    assert any(differences(*each) for each in compared(both[:5]))
