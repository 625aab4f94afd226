"""A person on staff with a browser's cookies, at one machine or the other."""

import http.client
import re
import time
from http.cookies import SimpleCookie
from urllib.parse import urlencode

from tests.server.deployment import Answer, Deployment
from tests.server.fronting import STAFF

PATIENCE = 60  # seconds
HEADERS = {
    "Host": STAFF,
    "X-Forwarded-Proto": "https",
    "X-Forwarded-For": "198.51.100.7",
    "Referer": f"https://{STAFF}/",
}

# Without the slow hash: a busy machine refuses to take a password.
SIGN_IN = """
from django.contrib.auth.models import User
from django.test import Client
client = Client()
client.force_login(User.objects.get(username="{}"), "django.contrib.auth.backends.ModelBackend")
print(client.cookies["sessionid"].value)
"""


class Person:
    """Whoever has these cookies. Each page is asked of the machine at a port."""

    def __init__(self) -> None:
        self.cookies = SimpleCookie()

    def open(self, port: int, path: str, form: dict | None = None, **more: str) -> Answer:
        """Return the answer to a page, or to a form, perhaps with more headers. A busy server is asked again."""
        for _ in range(PATIENCE):
            answer = self._asked(port, path, form, more)
            if answer.status != 503:
                break
            time.sleep(1)
        return answer

    def _asked(self, port: int, path: str, form: dict | None, more: dict[str, str]) -> Answer:
        cookies = "; ".join(f"{name}={cookie.value}" for name, cookie in self.cookies.items())
        headers, body = HEADERS | {"Cookie": cookies} | more, None
        if form is not None:
            body = urlencode(form | {"csrfmiddlewaretoken": self.cookies["csrftoken"].value}, doseq=True)
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        connection.request("GET" if form is None else "POST", path, body, headers)
        response = connection.getresponse()
        answer = Answer(response.status, dict(response.getheaders()), response.read())
        for value in response.headers.get_all("Set-Cookie", []):
            self.cookies.load(value)
        connection.close()
        return answer

    def nonce(self, port: int, path: str) -> str:
        """Return the nonce of a form that may be sent once."""
        return re.search(rb'name="nonce" value="([^"]+)"', self.open(port, path).body)[1].decode()


def signed_in(deployment: Deployment) -> Person:
    """Return a person who may do everything, and was signed in by a command of the release."""
    person = Person()
    person.cookies["sessionid"] = deployment.manage(
        "shell", "-c", SIGN_IN.format(next(iter(deployment.logins)))
    ).split()[-1]
    return person
