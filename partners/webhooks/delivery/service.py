"""The service that delivers: one thread for the database, and many that send.

Only the first thread talks to the database, in short transactions, none of which is open while something is sent. It
claims no more than threads are free, so that what was claimed is sent at once, and memory is bounded.
"""

import logging
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from queue import Empty, SimpleQueue
from threading import Event

from django import db
from django.utils import timezone

from partners.formats import traces
from partners.keys.digests import DigestKeyUnavailable
from partners.models import WebhookDelivery, WebhookService
from partners.webhooks import signing
from partners.webhooks.delivery import claiming, obstacles, outcome, sending
from partners.webhooks.delivery.lanes import Lanes
from partners.webhooks.delivery.outcome import Outcome
from partners.webhooks.delivery.sending import Answer
from partners.webhooks.fan_out import fan_out

logger = logging.getLogger(__name__)

POLL = 1.0  # seconds between two looks at the database
THREADS = 32
NOTED = 60.0  # seconds between two notes that this process runs


class Service:
    """One process that delivers. Any number can run at the same time."""

    def __init__(self, threads: int = THREADS, send: Callable[..., Answer] = sending.send) -> None:
        self.stopping = Event()
        self.delivered = self.failed = self.dropped = 0
        self._send = send
        self._lanes = Lanes(threads)
        self._over: SimpleQueue[Outcome] = SimpleQueue()
        self._unwritten: list[Outcome] = []
        self._next_look = self._next_note = 0.0
        self._unsigned: set[str] = set()  # the faults of signing that the log has

    def stop(self) -> None:
        """Claim nothing more, and let what is being sent come to its end."""
        self.stopping.set()

    def run(self, *, serve: bool) -> None:
        """Deliver until nothing is due, or with `serve` until `stop()` is called.

        A database that fails ends a single run. A service goes on when it is back, with what it has not written yet.
        """
        with ThreadPoolExecutor(self._lanes.threads, thread_name_prefix="webhook") as pool:
            while not self._is_over(serve=serve):
                try:
                    started = self._step(pool)
                except db.Error as fault:
                    if not serve:
                        raise
                    logger.error("webhooks wait for the database", extra={"exception": traces.kind(fault)})
                    self._pause()
                    continue
                if serve or self._lanes.running or started:
                    self._gather(0.0 if started and self._lanes.free else POLL)
                else:
                    self.stopping.set()

    def _is_over(self, *, serve: bool) -> bool:
        """Return True if nothing is under way any more. A service that stops tries once to write what is left."""
        if not self.stopping.is_set() or self._lanes.running:
            return False
        if self._unwritten:
            self._write()
        return True

    def _step(self, pool: ThreadPoolExecutor) -> int:
        """Write what is over, and start what is due. Return how many deliveries were claimed."""
        self._write()
        if self.stopping.is_set():
            return 0
        self._note_running()
        self._fan_out()
        shares = self._lanes.share(claiming.endpoints_due()) if self._lanes.free else {}
        claimed = claiming.claim(shares) if shares else []
        for delivery in self._allowed(claimed):
            self._start(pool, delivery)
        return len(claimed)

    def _note_running(self) -> None:
        """Note once in a while that a service runs, so that staff are told if none does."""
        if time.monotonic() >= self._next_note:
            WebhookService.note_seen()
            self._next_note = time.monotonic() + NOTED

    def _fan_out(self) -> None:
        """Look for what became ready, once in a while."""
        if time.monotonic() >= self._next_look:
            while fan_out():
                pass
            self._next_look = time.monotonic() + POLL

    def _allowed(self, claimed: Sequence[WebhookDelivery]) -> list[WebhookDelivery]:
        forbidden = obstacles.found(claimed)
        dropped = [(each, forbidden[each.pk]) for each in claimed if each.pk in forbidden]
        if dropped:
            outcome.drop(dropped)
            self.dropped += len(dropped)
        return [each for each in claimed if each.pk not in forbidden]

    def _start(self, pool: ThreadPoolExecutor, delivery: WebhookDelivery) -> None:
        body, now = delivery.event.body(), timezone.now()
        try:
            headers = signing.headers(delivery, body, int(now.timestamp()))
        except DigestKeyUnavailable as fault:
            self._postpone(delivery, str(fault))
            return
        self._lanes.started(delivery.endpoint_id)
        pool.submit(self._attempt, delivery, headers, body)

    def _postpone(self, delivery: WebhookDelivery, fault: str) -> None:
        """Let a delivery wait whose digest key is missing. The log says so once: nothing changes while we run."""
        outcome.postpone(delivery)
        if fault not in self._unsigned:
            self._unsigned.add(fault)
            logger.error("webhooks can't be signed: %s", fault)

    def _attempt(self, delivery: WebhookDelivery, headers: dict[str, str], body: bytes) -> None:
        """Send one delivery. It runs in a thread that never touches the database."""
        at, begun = timezone.now(), time.monotonic()
        try:
            answer = self._send(delivery.endpoint.url, headers, body)
        except Exception as fault:  # a fault of ours must not lose a thread, nor the attempt
            logger.error("a webhook was not sent", extra={"exception": traces.kind(fault)})
            answer = Answer(fault="internal")
        self._over.put(Outcome(delivery, at, round((time.monotonic() - begun) * 1000), answer))

    def _gather(self, patience: float) -> None:
        """Take what is over, and wait a little for the first."""
        try:
            self._take(self._over.get(timeout=patience) if patience else self._over.get_nowait())
            while True:
                self._take(self._over.get_nowait())
        except Empty:
            pass

    def _take(self, over: Outcome) -> None:
        self._lanes.ended(over.delivery.endpoint_id, succeeded=over.answer.succeeded)
        self.delivered += over.answer.succeeded
        self.failed += not over.answer.succeeded
        self._unwritten.append(over)

    def _write(self) -> None:
        if self._unwritten:
            outcome.write(self._unwritten)
            self._unwritten = []

    def _pause(self) -> None:
        """Wait before the database is tried again, with a new session."""
        db.connection.close()
        self._gather(POLL)
        self.stopping.wait(POLL)
