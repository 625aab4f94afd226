"""`manage.py deliver_webhooks`: send the webhooks that are due, once or as a service."""

from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import CommandParser

from partners.management.base import ReportCommand
from partners.management.stopping import stopped_by_signals
from partners.webhooks.delivery import service
from partners.webhooks.delivery.service import Service

MOST_THREADS = 256


class Command(ReportCommand):
    """Deliver what is due, and report how many attempts succeeded and failed."""

    help = (
        "Send webhooks to the endpoints of partners. Without --serve it ends when nothing is due. With --serve it "
        "looks each second until it gets SIGTERM or SIGINT, and then ends after the attempts under way. Several can "
        "run at the same time."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--serve", action="store_true", help="run as a service")
        threads = f"attempts at the same time (default: {service.THREADS}), and half as many to endpoints that fail"
        parser.add_argument("--threads", type=int, default=service.THREADS, metavar="N", help=threads)
        super().add_arguments(parser)

    def report(self, **options: Any) -> dict[str, Any]:
        """Deliver, and return what became of the attempts."""
        if not 1 <= options["threads"] <= MOST_THREADS:
            raise ValidationError(f"--threads must be from 1 to {MOST_THREADS}.", code="invalid_threads")
        running = Service(options["threads"])
        with stopped_by_signals(running.stop):
            running.run(serve=options["serve"])
        return {"succeeded": running.delivered, "failed": running.failed, "not_sent": running.dropped}
