"""Seal once, or each minute as a service."""

import logging
from collections import Counter
from threading import Event

from django import db

from partners.formats import traces
from partners.seals import sealing

logger = logging.getLogger(__name__)

EVERY = 60.0  # seconds


class Service:
    """One process that seals. If another does at the same time, each does part of the work."""

    def __init__(self) -> None:
        self.stopping = Event()
        self.sealed: Counter[str] = Counter()

    def run(self, *, serve: bool) -> None:
        """Seal what waits, or with `serve` go on until `stopping` is set, whatever the database does meanwhile."""
        if not serve:
            self.sealed.update(sealing.seal())
            return
        while not self.stopping.is_set():
            try:
                self.sealed.update(sealing.seal())
            except db.Error as fault:
                logger.error("sealing waits for the database", extra={"exception": traces.kind(fault)})
                db.connection.close()
            self.stopping.wait(EVERY)
