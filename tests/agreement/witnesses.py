"""The three that are asked about one call: the live API, staff's diagnosis page, and the key's own answer."""

import re
from datetime import UTC, datetime

from django.contrib.auth import SESSION_KEY
from django.contrib.auth.models import User
from django.test import Client

from partners.catalogue.routes import Route
from partners.keys import tokens
from tests.api import CHANGES, KEY, LIST, check_ground_rules
from tests.partners.support.staff import signed_in

API = Client(raise_request_exception=False)
PAGE = "/admin/diagnosis/"
_SENTENCE = re.compile(r"The call is (?:answered with (200)|refused with ([0-9]{3}) ([a-z_]+))")


class Staff:
    """Somebody who reads the diagnosis page."""

    def __init__(self):
        self.client = signed_in("Support")
        self.user = User.objects.get(pk=self.client.session[SESSION_KEY])

    def sign_in(self):
        """Sign in again: a session ends while the clock is moved."""
        self.client.force_login(self.user)

    def verdict(self, token, path, address):
        """Return status and code that the page tells for a call."""
        call = {"credentials": f"Bearer {token}", "request": f"GET {path}", "address": address}
        page = self.client.post(PAGE, call)
        told = _SENTENCE.search(page.content.decode())
        assert told, (page.status_code, page.headers)
        return (200, "") if told[1] else (int(told[2]), told[3])


def live(token, path, address):
    """Call, and return status and code of the answer."""
    answer = _called(token, path, address)
    return answer.status_code, "" if answer.status_code == 200 else answer.json()["reason_code"]


def own_key(token, address):
    """Return status and code of the key's own answer, and what a 200 tells of the key."""
    answer = _called(token, KEY, address)
    if answer.status_code != 200:
        return (answer.status_code, answer.json()["reason_code"]), None
    return (200, ""), answer.json()["key"]


def forged(token):
    """Return a token of the same key with another secret and a right checksum."""
    body = token[:-49] + tokens.mint(is_test=False).text[18:-6]
    return body + tokens.checksum(body)


def paths(encounter, document):
    """Return the path of a call on each route that asks for these."""
    of_document = f"{LIST}/{encounter}/documents/{document}"
    return {
        Route.ENCOUNTERS_LIST.route_name: LIST,
        Route.ENCOUNTERS_DETAIL.route_name: f"{LIST}/{encounter}",
        Route.DOCUMENTS_DETAIL.route_name: of_document,
        Route.DOCUMENTS_TRANSCRIPT.route_name: f"{of_document}/transcript",
        Route.DOCUMENTS_AUDIO.route_name: f"{of_document}/audio",
        Route.CHANGES_LIST.route_name: CHANGES,
    }


def moment(text):
    """Return the moment that an answer tells, None for none."""
    return None if text is None else datetime.fromisoformat(text).astimezone(UTC)


def _called(token, path, address):
    answer = API.get(path, REMOTE_ADDR=address, HTTP_AUTHORIZATION=f"Bearer {token}")
    check_ground_rules(answer)
    return answer
