"""The application with one fault of ours put into it, to see what a crash looks like from outside."""

from chartero.wsgi import application
from encounters.api import queries

__all__ = ["application"]


def crash(*args, **values):
    raise RuntimeError("the fault's own words")


queries.page = crash
