"""chartero's own WSGI application, but for the one function that keeps the record of an answer."""

from chartero.wsgi import application
from partners.record import ledger

ledger.kept = lambda request, answer: answer

__all__ = ["application"]
