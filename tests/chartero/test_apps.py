"""What the project changes about Django when it starts."""

import threading

from django.db import connections
from django.test import RequestFactory
from django.utils.connection import BaseConnectionHandler


def test_each_thread_has_its_own_connections_and_django_looks_for_no_event_loop():
    own, others = connections["default"], []
    thread = threading.Thread(target=lambda: others.append(connections["default"]))
    thread.start()
    thread.join()
    assert connections["default"] is own
    assert others != [own]
    assert isinstance(connections._connections, threading.local)
    assert "_connections" in vars(BaseConnectionHandler())  # where Django keeps them


def test_we_are_at_the_root_of_the_site():
    request = RequestFactory().get("/docs/", SCRIPT_NAME="/elsewhere", SCRIPT_URL="/elsewhere/docs/")
    assert request.path == "/docs/"
