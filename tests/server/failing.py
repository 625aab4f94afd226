"""An application that fails where no handler of Django's can answer, and what it would have been behind that."""

from chartero.server.reading import STATUS
from chartero.wsgi import application as answering


def application(environ, start_response):
    if STATUS in environ:
        return answering(environ, start_response)
    raise RuntimeError("the fault's own words")
