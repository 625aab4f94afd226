"""All metrics as one text: those that the processes counted, and those that only the database knows."""

import logging

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector

from chartero.metrics import files
from chartero.metrics.calls import CALLS
from chartero.metrics.database import Database
from partners.formats import traces

logger = logging.getLogger(__name__)

DATABASE = Database()


def text() -> bytes:
    """Return the metrics in the text format. Takes little more than `database.PATIENCE` if the database is silent."""
    known = CollectorRegistry()
    known.register(DATABASE)
    return _counted() + generate_latest(known)


def _counted() -> bytes:
    folder = files.shared()
    if folder is None:
        return generate_latest(CALLS.metrics.registry)
    together = CollectorRegistry()
    try:
        MultiProcessCollector(together, folder)  # type: ignore[no-untyped-call]
        return generate_latest(together)
    except (OSError, ValueError) as fault:  # somebody has removed the files
        logger.error("metrics without what the processes counted", extra={"exception": traces.kind(fault)})
        return b""
