"""The application with a ledger that is written a moment after the answer, to see that this is noticed."""

from threading import Timer

from chartero.wsgi import application
from partners.record import ledger

__all__ = ["application"]

kept = ledger.kept


def kept_late(request, answer):
    Timer(0.1, kept, (request, answer)).start()
    return answer


ledger.kept = kept_late
