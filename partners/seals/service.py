"""Seal once, or each minute as a service."""

import logging
from collections import Counter
from threading import Event

from django import db

from partners.formats import traces
from partners.seals import publishing, sealing
from partners.seals.publishing import PublishingFault

logger = logging.getLogger(__name__)

EVERY = 60.0  # seconds


class Service:
    """One process that seals. If another does at the same time, each does part of the work."""

    def __init__(self) -> None:
        self.stopping = Event()
        self.sealed: Counter[str] = Counter()

    def run(self, *, serve: bool) -> None:
        """Seal what waits, or with `serve` go on until `stopping` is set, whatever happens meanwhile.

        Without `serve`, raise PublishingFault if the chain can't be continued, or its checkpoint not be kept.
        """
        if not serve:
            self._seal()
            return
        while not self.stopping.is_set():
            try:
                self._seal()
            except db.Error as fault:
                logger.error("sealing waits for the database", extra={"exception": traces.kind(fault)})
                db.connection.close()
            except PublishingFault as fault:
                told = "sealing or its checkpoint failed: run seal_records to see why"
                logger.error(told, extra={"exception": traces.kind(fault)})
            self.stopping.wait(EVERY)

    def _seal(self) -> None:
        publishing.require_continuity()
        sealed = Counter(sealing.seal())
        self.sealed.update(sealed)
        if sealed.total():
            publishing.log()
        publishing.keep()
